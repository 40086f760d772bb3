package offline

import (
	"crypto/sha256"
	_ "embed" // the weights
	"encoding/binary"
	"fmt"
	"slices"

	"parley/bridge/analysis"
)

// The model of the analysis without a server: a linear classifier. It adds up the weights of a text's features and
// so tells how the customer feels, whether it is urgent, and what it is about (its labels). The weights are learned
// from examples by a test and embedded in the program.

// Where a model's weights for a label are: sentiments first, then urgency, then intents.
const (
	urgentLabel = 5
	firstIntent = 6
	labels      = 19
)

// model weighs features. Its weights were learned from examples (learn_test.go).
type model struct {
	weights string          // rows: the check of the feature that has it, and a signed byte for each label
	scales  [labels]float64 // what a weight of a label is worth
}

// Each row of weights belongs to one feature. The lower half of the feature's name says which row that is. The upper half
// stands at the row's beginning and is compared, so a feature that wasn't learned takes another's row once in 65,536 times,
// and has no weights otherwise.
const (
	rows    = 1 << 16
	check   = 2
	rowSize = check + labels
)

// From where on a verdict counts. This was chosen by cross-validation over the half dev, dev2 and dev3, in which as many
// messages are urgent as in a mailbox; of the examples every second is.
const (
	leastUrgent  = 0.0  // where a word of a lexicon speaks for urgency
	plainUrgent  = 0.9  // where none does
	leastIntent  = -3.0 // of the likeliest intent
	secondIntent = -1.4 // of the next
	surelyWanted = -0.5 // so that it tells what a number is of
	unlearned    = -4.8 // what is said of an intent that the model never learned
)

// verdict is what a model says of a text: the higher, the more likely; 0 is in doubt.
type verdict [labels]float64

// weights is what "go test -run TestModelIsLearned -update" learned: the sum of what it learned from, a scale for each
// label, and the rows of weights.
//
//go:embed examples/weights.bin
var weights string

// scaleOne is a scale of 1 as it is written.
const scaleOne = 1 << 24

// readModel reads the embedded weights. They stay where the program has them.
func readModel() (*model, error) {
	const (
		scaleSize = 4 // bytes
		head      = sha256.Size + scaleSize*labels
	)
	if len(weights) != head+rows*rowSize {
		return nil, fmt.Errorf("model: %d bytes of weights", len(weights))
	}
	m := &model{weights: weights[head:]}
	for l := range m.scales {
		scale := []byte(weights[sha256.Size+scaleSize*l:][:scaleSize])
		m.scales[l] = float64(binary.LittleEndian.Uint32(scale)) / scaleOne
	}
	return m, nil
}

// row returns a feature's weights, a byte for each label; "" of a feature that wasn't learned.
func (m *model) row(f feature) string {
	row := m.weights[int(f.name%rows)*rowSize:][:rowSize]
	owner := uint32(row[0]) | uint32(row[1])<<8
	if owner != f.name/rows {
		return ""
	}
	return row[check:]
}

// judge weighs what a text has. Sums are of whole numbers, so that all machines agree.
func (m *model) judge(features []feature) verdict {
	var sums [labels]int64
	for _, f := range features {
		for l, w := range []byte(m.row(f)) {
			sums[l] += int64(int8(w)) * int64(f.value)
		}
	}
	var v verdict
	for l := range v {
		v[l] = float64(sums[l]) * m.scales[l] / featureOne
	}
	return v
}

// isContent reports whether the likeliest sentiment is that the writer is satisfied. Who is satisfied waits for nobody, so
// nothing is urgent then.
func (v *verdict) isContent() bool {
	return slices.Max(v[:urgentLabel]) == v[slices.Index(analysis.Sentiments(), analysis.Positive)]
}

// sentiment returns the likeliest sentiment. Pressing is only somebody who isn't unhappy and needs an answer now.
func (v *verdict) sentiment(urgent bool) analysis.Sentiment {
	best := analysis.Neutral
	most := v[slices.Index(analysis.Sentiments(), analysis.Neutral)]
	for i, mood := range analysis.Sentiments() {
		if v[i] > most && mood != analysis.Pressing {
			best, most = mood, v[i]
		}
	}
	isPressing := best == analysis.Neutral || v[slices.Index(analysis.Sentiments(), analysis.Pressing)] > most
	if urgent && isPressing {
		return analysis.Pressing
	}
	return best
}

// scoreOfIntent returns what speaks for an intent, and much against one that the model never learned.
func (v *verdict) scoreOfIntent(name string) float64 {
	if i := slices.Index(analysis.IntentNames(), name); i >= 0 {
		return v[firstIntent+i]
	}
	return unlearned
}

// clearIntent returns the likeliest of our intents, or nothing where that is in doubt.
func (v *verdict) clearIntent() string {
	if best := v.likeliestIntent(); v.scoreOfIntent(best) >= surelyWanted {
		return best
	}
	return ""
}

// likeliestIntent returns the likeliest of our intents, however little speaks for it.
func (v *verdict) likeliestIntent() string {
	best := 0
	for i := range analysis.IntentNames() {
		if v[firstIntent+i] > v[firstIntent+best] {
			best = i
		}
	}
	return analysis.IntentNames()[best]
}
