# SimGrid's profile format: time (s), share of full speed. Full speed, half speed from 60 s to 90 s, and all
# over again 30 s after that, which is every 120 s.
0 1.0
60 0.5
90 1.0
LOOPAFTER 30
