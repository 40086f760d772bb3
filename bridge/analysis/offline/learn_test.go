package offline

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"parley/bridge/analysis"
	"parley/bridge/analysis/analysistest"
)

// The model learns by the code of this file: by logistic regression, from messages whose labels are known.
// model_test.go lets it learn, and checks what it has learned.

// These numbers control how the model learns. They were chosen by cross-validation: each of our sets was asked about
// after learning from all the others. The lexicons' features were left out where rules were tuned on the set.
const (
	learningRounds = 20  // how often each lesson is seen
	learningOrders = 4   // of lessons, over which the weights are averaged
	learningRate   = 0.3 // of the first step
	weightDecay    = 4e-4
	ruleShare      = 0.6 // how often a lesson is seen with the lexicons' features
	dropShare      = 0.3 // how often a word's feature is left out, so that no single word decides
)

// lesson is a message from which the model learns.
type lesson struct {
	features  []feature
	want      [labels]float64 // 1 for each label that the message has
	withRules bool            // the lexicons' features may be used, because no rule was tuned on this message
}

// newLesson makes a lesson of a message.
func (a *Analyzer) newLesson(m analysistest.Message, withRules bool) lesson {
	l := lesson{features: a.featuresOf(m.Question(analysis.Desk{})), withRules: withRules}
	l.want[slices.Index(analysis.Sentiments(), m.Sentiment)] = 1
	if m.Urgent {
		l.want[urgentLabel] = 1
	}
	for _, i := range m.Intents {
		l.want[firstIntent+slices.Index(analysis.IntentNames(), i)] = 1
	}
	return l
}

// featuresOf finds the features of a question.
func (a *Analyzer) featuresOf(q analysis.Question) []feature {
	_, _, features := a.readFeatures(readText(q.Burst))
	return features
}

// learned has the learned weights: a row for each feature, with a weight for each label.
type learned struct {
	places  map[uint32]int // of a feature's row, by the feature's name
	weights []float64      // row after row
}

// row returns the weights of the feature at a place.
func (l *learned) row(place int) []float64 { return l.weights[place*labels:][:labels] }

// learn finds out which features get a row of the model's table: of those that share a row, the one with the largest
// weights. Their weights are the mean over several orders of lessons, so that no order decides.
func learn(lessons []lesson, orders int) *learned {
	all := placesOf(lessons)
	first := &learned{places: all, weights: learnInOrder(lessons, all, 0)}
	kept := &learned{places: first.placesOfOwners()}
	kept.weights = make([]float64, len(kept.places)*labels)
	for order := range orders {
		for i, w := range learnInOrder(lessons, kept.places, uint64(order)) {
			kept.weights[i] += w / float64(orders)
		}
	}
	return kept
}

// placesOf gives a place to each feature that is in at least two lessons.
func placesOf(lessons []lesson) map[uint32]int {
	count, places := map[uint32]int{}, map[uint32]int{}
	for i := range lessons {
		seen := map[uint32]bool{}
		for _, f := range lessons[i].features {
			if seen[f.name] {
				continue
			}
			seen[f.name] = true
			if count[f.name]++; count[f.name] == 2 {
				places[f.name] = len(places)
			}
		}
	}
	return places
}

// placesOfOwners gives new places to the features that get a row of the model's table. Of several features that share
// a row, it is the one with the largest weights, and if these are equal, the one with the smaller name.
func (l *learned) placesOfOwners() map[uint32]int {
	owner, largest := map[uint32]uint32{}, map[uint32]float64{} // by row of the table
	for name, place := range l.places {
		sum := 0.0
		for _, w := range l.row(place) {
			sum += math.Abs(w)
		}
		row := name % rows
		isSmallerEqual := sum == largest[row] && name < owner[row]
		if sum > largest[row] || isSmallerEqual {
			owner[row], largest[row] = name, sum
		}
	}

	places := map[uint32]int{}
	for _, name := range slices.Sorted(maps.Values(owner)) {
		places[name] = len(places)
	}
	return places
}

// placed is a feature with the place of its weights.
type placed struct {
	feature

	place int
}

// learnInOrder finds weights by logistic regression: one regression for all sentiments together, and one for each
// other label. The steps become smaller for features that were seen often.
func learnInOrder(lessons []lesson, places map[uint32]int, seed uint64) []float64 {
	w, seen := make([]float64, len(places)*labels), make([]float64, len(places)*labels)
	all := make([][]placed, len(lessons))
	order := make([]int, len(lessons))
	for i := range order {
		order[i] = i
		for _, f := range lessons[i].features {
			if place, known := places[f.name]; known {
				all[i] = append(all[i], placed{f, place})
			}
		}
	}

	r := rand.New(rand.NewPCG(1, seed))
	var now []placed
	for range learningRounds {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, n := range order {
			now = now[:0]
			isRuleSeen := lessons[n].withRules && r.Float64() < ruleShare
			for _, f := range all[n] {
				if f.rule && !isRuleSeen {
					continue
				}
				isWord := f.at >= 0
				if isWord && r.Float64() < dropShare {
					continue
				}
				now = append(now, f)
			}

			miss := missed(w, now, lessons[n].want)
			for _, f := range now {
				at, v := f.place*labels, float64(f.value)/256
				for k := range labels {
					step := miss[k]*v - weightDecay*w[at+k]
					seen[at+k] += step * step
					w[at+k] += learningRate * step / math.Sqrt(seen[at+k]+1e-2)
				}
			}
		}
	}
	return w
}

// missed returns by how much the weights underrate each label: the wanted value minus the probability that they give
// it. Sentiments exclude each other, so their probabilities add up to one.
func missed(w []float64, features []placed, want [labels]float64) (miss [labels]float64) {
	for _, f := range features {
		row := w[f.place*labels:][:labels]
		for k := range miss {
			miss[k] += row[k] * float64(f.value) / 256
		}
	}

	most, sum := slices.Max(miss[:urgentLabel]), 0.0
	for k := range urgentLabel {
		miss[k] = math.Exp(miss[k] - most)
		sum += miss[k]
	}
	for k := range labels {
		if k < urgentLabel {
			miss[k] = want[k] - miss[k]/sum
		} else {
			miss[k] = want[k] - 1/(1+math.Exp(-miss[k]))
		}
	}
	return miss
}

// pack makes a model of the weights: they become whole numbers, and the features become rows of a table.
func (l *learned) pack() *model {
	m := &model{}
	packed := make([]byte, rows*rowSize)
	for k := range labels {
		most := 0.0
		for i := k; i < len(l.weights); i += labels {
			most = max(most, math.Abs(l.weights[i]))
		}
		m.scales[k] = math.Ceil(most/127*scaleOne) / scaleOne
		for name, place := range l.places {
			row := packed[int(name%rows)*rowSize:][:rowSize]
			binary.LittleEndian.PutUint16(row, uint16(name/rows))
			row[checkSize+k] = byte(int8(math.Round(l.row(place)[k] / m.scales[k])))
		}
	}
	m.weights = string(packed)
	return m
}

// bytes writes a model as readModel reads it.
func (m *model) bytes(sum string) []byte {
	b := []byte(sum)
	for _, s := range m.scales {
		b = binary.LittleEndian.AppendUint32(b, uint32(s*scaleOne))
	}
	return append(b, m.weights...)
}
