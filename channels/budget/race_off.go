//go:build !race

package budget

// detectorCost is 1: no race detector slows parsers down.
const detectorCost = 1
