"""The pages people open, the probes machines read, and the control socket."""
