. "$setup"
genericBuild
