@0xb2f4a1c6d3e59807;

interface Echo {
  bytes @0 (payload :Data) -> (payload :Data);
}
