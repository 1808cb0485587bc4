# The release that is packaged.
{
  version = "4.3.7";
  hash = "sha256-kMz2C1BoK4gWNaJMdNmg+No/x0hpeox3YzPadY6AzmI=";
  patches = [ ];
}
