package offline

import (
	"crypto/sha256"
	_ "embed" // the weights
	"encoding/binary"
	"fmt"
	"slices"

	"parley/bridge/analysis"
)

// The indices of labels: the sentiments first, then urgency, then the intents.
const (
	urgentLabel = 5
	firstIntent = 6
	labels      = 19
)

// model is a linear classifier. For each label, such as a sentiment or an intent, it adds up the weights of a text's
// features, such as its words. A test learns the weights from examples (learn_test.go), and the program embeds them.
type model struct {
	weights string          // rows of rowSize bytes
	scales  [labels]float64 // the value of a weight of 1, by label
}

// Each row of weights belongs to at most one feature. It starts with the upper half of the feature's name, followed by a
// signed byte for each label. The lower half of a feature's name is the index of its row. A feature that wasn't learned
// mostly has no weights, because the upper half differs; once in 65,536 times it gets the row of another feature.
const (
	rows      = 1 << 16
	checkSize = 2
	rowSize   = checkSize + labels
)

// The thresholds of scores. They were chosen by cross-validation over the evaluation sets dev, dev2 and dev3. There, as in
// a real mailbox, few messages are urgent; of the training examples every second is.
const (
	minUrgentScore            = 0.0  // if the text has an urgent phrase of a lexicon
	minUrgentScoreWithoutWord = 0.9  // if it hasn't
	minIntentScore            = -3.0 // of the likeliest intent
	minSecondIntentScore      = -1.4
	minClearIntentScore       = -0.5 // to determine the kind of a number by the intent
	unlearnedScore            = -4.8 // the score of intents that the model doesn't know
)

// verdict is the result of applying the model to a text: the score of each label. The higher, the more likely; 0 is
// undecided.
type verdict [labels]float64

// weights is written by "go test -run TestModelIsLearned -update": the SHA-256 sum of the training data, a scale for each
// label, and the rows of weights.
//
//go:embed examples/weights.bin
var weights string

// scaleOne is the stored form of the scale 1.
const scaleOne = 1 << 24

// readModel reads the embedded weights. The model refers to them without a copy.
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

// row returns a feature's weights, a byte for each label, or "" for a feature that wasn't learned.
func (m *model) row(f feature) string {
	row := m.weights[int(f.name%rows)*rowSize:][:rowSize]
	owner := uint32(row[0]) | uint32(row[1])<<8
	if owner != f.name/rows {
		return ""
	}
	return row[checkSize:]
}

// judge computes the verdict on a text with these features. It adds integers, so that the result is the same on all
// machines.
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

// isContent reports whether the likeliest sentiment is Positive. Messages of satisfied customers aren't urgent.
func (v *verdict) isContent() bool {
	return slices.Max(v[:urgentLabel]) == v[slices.Index(analysis.Sentiments(), analysis.Positive)]
}

// sentiment returns the likeliest sentiment. It returns Pressing only for an urgent text, in place of Neutral or of a less
// likely sentiment.
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

// scoreOfIntent returns the score of an intent, or unlearnedScore if the model doesn't know it.
func (v *verdict) scoreOfIntent(name string) float64 {
	if i := slices.Index(analysis.IntentNames(), name); i >= 0 {
		return v[firstIntent+i]
	}
	return unlearnedScore
}

// clearIntent returns the likeliest of the default intents, or "" if it isn't clear.
func (v *verdict) clearIntent() string {
	if best := v.likeliestIntent(); v.scoreOfIntent(best) >= minClearIntentScore {
		return best
	}
	return ""
}

// likeliestIntent returns the likeliest of the default intents, however low its score is.
func (v *verdict) likeliestIntent() string {
	best := 0
	for i := range analysis.IntentNames() {
		if v[firstIntent+i] > v[firstIntent+best] {
			best = i
		}
	}
	return analysis.IntentNames()[best]
}
