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

// The analysis abstains. A mailbox is full of texts that mean nothing in particular, and each has a word that stood in some
// complaint. So a finding needs two witnesses, the model and a phrase of the lexicons that says the same, or a model that is
// very sure. A score of 0 is undecided.
const (
	minMoodLead      = 0.5 // of a mood before Neutral
	minMoodLeadAlone = 3.0 // without a phrase
	minUrgent        = 0.5
	minUrgentAlone   = 2.0
	minIntent        = 0.0
	minIntentAlone   = 2.0
	unlearned        = -4.8 // the score of intents that the model doesn't know
)

// verdict is the result of applying the model to a text: the score of each label. The higher, the more likely.
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

// sentiment returns the likeliest sentiment, or Neutral unless another one is clear. It returns Pressing only for an urgent
// text, in place of Neutral. said has the names of the moods that phrases speak for.
func (v *verdict) sentiment(urgent bool, said []string) analysis.Sentiment {
	best := analysis.Neutral
	highest := v[slices.Index(analysis.Sentiments(), analysis.Neutral)]
	for i, mood := range analysis.Sentiments() {
		score := v[i] - minMoodLeadAlone
		if slices.ContainsFunc(witnesses(mood), func(name string) bool { return slices.Contains(said, name) }) {
			score = v[i] - minMoodLead
		}
		if score > highest && mood != analysis.Pressing {
			best, highest = mood, score
		}
	}
	if urgent && best == analysis.Neutral {
		return analysis.Pressing
	}
	return best
}

// witnesses returns the names of the lexicons' moods whose phrases speak for a sentiment.
func witnesses(mood analysis.Sentiment) []string {
	switch mood {
	case analysis.Positive:
		return []string{"positive", "thanks"}
	case analysis.Negative, analysis.Frustrated:
		return []string{"negative", "frustrated", "irony"}
	case analysis.Neutral, analysis.Pressing:
	}
	return nil
}

// scoreOfIntent returns the score of an intent, or unlearned if the model doesn't know it.
func (v *verdict) scoreOfIntent(name string) float64 {
	if i := slices.Index(analysis.IntentNames(), name); i >= 0 {
		return v[firstIntent+i]
	}
	return unlearned
}
