//go:build !race

package golden

// detectorCost is 1: no race detector slows parsers down.
const detectorCost = 1
