//go:build race

package budget

// detectorSlack is how many times more the race detector may cost a parser than the
// reference: tight loops suffer most.
const detectorSlack = 2
