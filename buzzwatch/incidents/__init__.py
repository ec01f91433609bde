"""One trouble, one incident: opened, worsened, taken, over."""
