package offline

import "math"

// This file computes the features of a text: properties such as a word, an exclamation mark or a phrase of the lexicons.
// The model (model.go) has learned from examples what each feature says about the customer's mood, urgency and intent.

// The values of features, in units of 1/featureOne. Those named …Part are divided among all features of that sort, so that
// long texts have no more weight than short ones.
const (
	featureOne  = 256
	wordPart    = 192
	conceptPart = 224
	ruleWeight  = 96
	formWeight  = 96
)

// feature is one property of a text.
type feature struct {
	name  uint32 // a hash, for example of a word
	at    int32  // index of the word in text.tokens, or -1 for a feature of the whole text
	value int32  // in units of 1/featureOne
	rule  bool   // it comes from the lexicons
}

// featurer collects the features of one text.
type featurer struct {
	t   *text
	all []feature
}

// findFeatures returns the features of a text: its words and their parts, the words' concepts, phrases of the lexicons, and
// the form of the text.
func (a *Analyzer) findFeatures(t *text, lexicons []*lexicon, matches []match) []feature {
	f := featurer{t: t}
	f.addWords()
	f.shareAmong(0, wordPart)
	from := len(f.all)
	f.addConcepts(a.concepts, lexicons)
	f.shareAmong(from, conceptPart)
	f.addPhrases(matches)
	f.addForm()
	return f.all
}

// hash returns the FNV-1a hash of a feature. The first parameter is a letter for the sort of feature.
func hash(kind byte, parts ...string) uint32 {
	const (
		offset = 2166136261
		prime  = 16777619
	)
	h := (uint32(offset) ^ uint32(kind)) * prime
	for _, p := range parts {
		for i := 0; i < len(p); i++ {
			h = (h ^ uint32(p[i])) * prime
		}
		h = (h ^ ' ') * prime
	}
	return h ^ h>>15 // the lower half selects the feature's row of weights
}

func (f *featurer) add(h uint32, at int, value int32) {
	f.all = append(f.all, feature{name: h, at: int32(at), value: value})
}

// shareAmong divides a value among the features from an index on. Their squares sum up to the square of the value.
func (f *featurer) shareAmong(from int, part float64) {
	value := int32(math.Round(part / math.Sqrt(float64(len(f.all)-from))))
	for i := from; i < len(f.all); i++ {
		f.all[i].value = value
	}
}

// addWords adds words, pairs of words and parts of words. It skips quoted words, since they say little about the customer
// who quotes them.
func (f *featurer) addWords() {
	const (
		minWordWithParts = 5 // bytes
		minPrefix        = 4
		maxPrefix        = 7
		suffixLength     = 4
		minSecondPart    = 5 // of a compound: "rechnung" in "schlussrechnung"
		minFirstPart     = 4 // of a compound
	)
	previous, sentence := "", -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			previous, sentence = "^", k.sentence
		}
		form := k.form
		if k.quoted {
			previous = "q"
			continue
		}
		if k.number {
			form = anyNumber
		}
		f.add(hash('w', form), i, 0)
		f.add(hash('b', previous, form), i, 0)
		previous = form
		if len(form) < minWordWithParts {
			continue
		}
		for n := minPrefix; n <= min(maxPrefix, len(form)-1); n++ {
			f.add(hash('p', form[:n]), i, 0)
		}
		f.add(hash('e', form[len(form)-suffixLength:]), i, 0)
		for n := minSecondPart; n <= len(form)-minFirstPart; n++ {
			f.add(hash('p', form[len(form)-n:]), i, 0) // 'p', since it may be the beginning of another word
		}
	}
}

// addConcepts adds the words' concepts, and pairs of concepts that are close to each other in a sentence.
func (f *featurer) addConcepts(known concepts, lexicons []*lexicon) {
	var earlier [3]uint16 // the last three concepts of the sentence, the latest last; 0 if there were fewer
	sentence := -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			earlier, sentence = [3]uint16{}, k.sentence
		}
		c := known.findAny(lexicons, k)
		if c == 0 || k.quoted {
			continue
		}
		f.add(hash('c', conceptBytes(c)), i, 0)
		for _, e := range earlier {
			if e != 0 && e != c {
				f.add(hash('d', conceptBytes(e), conceptBytes(c)), i, 0)
			}
		}
		earlier = [3]uint16{earlier[1], earlier[2], c}
	}
}

// conceptBytes encodes a concept for hashing.
func conceptBytes(c uint16) string { return string([]byte{byte(c), byte(c >> 8)}) }

// addPhrases adds the phrases of the lexicons, by their section. A section's first, second and third phrase are different
// features. So are what is negated and what isn't, and whether something presses (see findPressing).
func (f *featurer) addPhrases(matches []match) {
	const maxCounted = 3
	turns := matchesOf(matches, "turn")
	counts := map[section]int{}
	for _, family := range []string{"mood", "urgency", "intent", "turn"} {
		for _, m := range matchesOf(matches, family) {
			s := *m.section
			if f.t.tokens[m.first].quoted {
				continue
			}
			if family == "mood" && isNegated(f.t, m, turns) {
				s.name += " not"
			}
			if counts[s]++; counts[s] <= maxCounted {
				f.addRule(hash('l'+byte(counts[s]), family, s.name, string(rune('0'+int(2*s.weight)))), m.first)
			}
		}
	}
	if _, found := findPressing(f.t, matches); found {
		f.addRule(hash('v', "because"), -1)
	}
}

func (f *featurer) addRule(h uint32, at int) {
	f.add(h, at, ruleWeight)
	f.all[len(f.all)-1].rule = true
}

// addForm adds features of the form of a text, such as its length and the number of questions.
func (f *featurer) addForm() {
	var asks, loud, quoted, numbers int
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		asks += count(k.asks)
		loud += count(k.loud)
		quoted += count(k.quoted)
		numbers += count(k.number)
	}
	isShouted := f.t.capitals > 2 && f.t.capitals*2 > len(f.t.tokens)
	f.addCount("words", len(f.t.tokens), 3)
	f.addCount("asks", asks, 2)
	f.addCount("loud", loud, 2)
	f.addCount("quoted", quoted, 4)
	f.addCount("numbers", numbers, 3)
	f.addCount("caps", count(isShouted), 2)
	f.add(hash('1', "always"), -1, featureOne) // the model's bias
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// addCount adds a feature for each power of a base that a count reaches: 1, base, base² and base³.
func (f *featurer) addCount(name string, n, base int) {
	const maxPowers = 4
	for i := 0; i < maxPowers && n >= 1; i++ {
		f.add(hash('s', name, string(rune('0'+i))), -1, formWeight)
		n /= base
	}
}
