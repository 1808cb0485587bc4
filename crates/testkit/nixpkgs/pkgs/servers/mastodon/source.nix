# The release that is packaged.
{
  version = "4.3.7";
  hash = "sha256-8v8yGbZrOZ1rnSKae9RY/OqzoLPvWp1b9YITKih1Mds=";
  patches = [ ];
}
