//go:build race

package golden

// detectorCost is how many times longer parsers take under the race detector, so that inputs are made shorter. Quadratic time
// exceeds a budget there as well, since it takes longer, too.
const detectorCost = 8
