//go:build !race

package budget

const detectorSlack = 1
