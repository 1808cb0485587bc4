{ lib }:
{
  ada = { name = "Ada Lindqvist"; github = "ada-lindqvist"; githubId = 100001; };
  bram = { name = "Bram Okafor"; github = "bramokafor"; githubId = 100002; };
  chiara = { name = "Chiara Novak"; github = "cnovak"; githubId = 100003; };
  dmitri = { name = "Dmitri Haas"; github = "dhaas"; githubId = 100004; };
}
