"""The wall: Landlock, seccomp, limits, the allocator profile and the probe that proves them.

A process of the volatile plane enters it once, before it serves, and can never leave.
"""
