# Old names of packages.
self: super: {
  nodejs-slim = self.nodejs;
  openssl_3_0 = self.openssl;
  pam = self.linux-pam;
  pkgconfig = throw "'pkgconfig' has been renamed to 'pkg-config'";
}
