busybox=$bootstrapFiles/busybox
"$busybox" mkdir -p "$out/bin"
"$busybox" cp "$busybox" "$out/bin/busybox"
cd "$out/bin"
for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || "$busybox" ln -s busybox "$applet"
done
