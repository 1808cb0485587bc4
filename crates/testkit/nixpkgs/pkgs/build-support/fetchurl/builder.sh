for url in $urls; do
    echo "trying $url"
    sed -e "s/@name@/$pname/g" -e "s/@version@/$version/g" "$server" > "$out"
    exit 0
done
echo "cannot download $name from any mirror" >&2
exit 1
