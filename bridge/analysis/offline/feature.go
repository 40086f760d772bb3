package offline

import (
	"math"
	"slices"

	"parley/bridge/analysis/offline/lexicon"
)

// This file computes the features of a text: properties such as a word, an exclamation mark or a phrase of the lexicons.
// The model (model.go), a linear classifier, has learned from examples what each feature says about the customer's mood,
// the urgency and the intent.

// The values of features, in units of 1/featureOne. Each value named …Part is divided among all features of that sort, so
// that long texts have no more weight than short ones.
const (
	featureOne  = 256
	wordPart    = 192
	conceptPart = 224
	kindPart    = 128
	ruleWeight  = 96
	formWeight  = 96
)

// feature is one property of a text.
type feature struct {
	name  uint32 // a hash, for example of a word
	at    int32  // index of the word in text.tokens, or -1 for a feature of the whole text
	value int32  // in units of 1/featureOne
	rule  bool   // it comes from the lexicons
	press bool   // the model uses it for urgency only
	loud  bool   // it comes from exclamation marks
}

// findFeatures returns the features of a text: its words and their parts, the words' concepts (meanings that words of all
// languages share), phrases of the lexicons, and the form of the text. use has the indices of the lexicons that apply.
func (a *Analyzer) findFeatures(t *text, use []int, matches []match) []feature {
	const perWord = 16 // an estimate, to avoid reallocations
	f := featurer{t: t, all: make([]feature, 0, perWord*(len(t.tokens)+4))}
	f.addWords()
	f.shareAmong(0, wordPart)
	from := len(f.all)
	f.addMeanings(a.concepts, a.lexicons, use)
	f.shareAmong(from, conceptPart)
	from = len(f.all)
	f.addKinds()
	f.shareAmong(from, kindPart)
	f.addPhrases(matches)
	f.addVerdicts(matches)
	f.addForm()
	return f.all
}

// featurer collects the features of one text.
type featurer struct {
	t     *text
	all   []feature
	kinds []wordKind // in the order of the text
}

// wordKind is the kind of thing that a word means, such as an hour, an event or a danger (see conceptKinds).
type wordKind struct {
	kind byte
	at   int // index of the word
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
	return h
}

// add appends a feature. It mixes the upper half of the hash into the lower half, which selects the feature's row of
// weights in the model.
func (f *featurer) add(h uint32, at int, value int32) {
	h ^= h >> 15
	f.all = append(f.all, feature{name: h, at: int32(at), value: value})
}

// shareAmong divides a value among the features from an index on. Their squares sum up to the square of the value.
func (f *featurer) shareAmong(from int, part float64) {
	n := len(f.all) - from
	if n == 0 {
		return
	}
	value := int32(math.Round(part / math.Sqrt(float64(n))))
	for i := from; i < len(f.all); i++ {
		f.all[i].value = value
	}
}

// The parts of a word that are features, in bytes.
const (
	minWordWithParts = 5
	minPrefix        = 4
	maxPrefix        = 7
	suffixLength     = 4
	minSecondPart    = 5 // of a compound: "rechnung" in "schlussrechnung"
	minFirstPart     = 4 // of a compound
)

// addWords adds words, pairs of words and parts of words. It skips quoted words, since they say little about the customer
// who quotes them.
func (f *featurer) addWords() {
	previous := ""
	sentence := -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			previous, sentence = "^", k.sentence
		}
		if k.quoted {
			previous = "q"
			continue
		}

		form := k.form
		if k.number {
			form = lexicon.AnyNumber
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
			f.add(hash('p', form[len(form)-n:]), i, 0) // 'p', since it may be the prefix of another word
		}
	}
}

// addMeanings adds the words' concepts, and pairs of concepts that are close to each other. It also collects their kinds.
func (f *featurer) addMeanings(known *concepts, lexicons []*lexicon.Lexicon, use []int) {
	var earlier [3]uint16 // the last three concepts of the sentence, the latest last; 0 if there were fewer
	sentence := -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			earlier, sentence = [3]uint16{}, k.sentence
		}
		if !k.quoted && isClock(f.t, i, lexicons, use) {
			f.kinds = append(f.kinds, wordKind{clockKind, i})
		}

		c := known.findAny(lexicons, use, k)
		if c == 0 {
			continue
		}
		if k.quoted {
			f.add(hash('Q', conceptBytes(c)), i, 0)
			continue
		}

		f.add(hash('c', conceptBytes(c)), i, 0)
		if kind := known.kinds[c]; kind != 0 {
			f.kinds = append(f.kinds, wordKind{kind, i})
		}

		for _, e := range earlier {
			if e != 0 && e != c {
				f.add(hash('d', conceptBytes(e), conceptBytes(c)), i, 0)
			}
		}

		earlier = [3]uint16{earlier[1], earlier[2], c}
	}
}

// findAny returns the concept of a word in the first language that has one for it, or 0.
func (c *concepts) findAny(lexicons []*lexicon.Lexicon, use []int, k *token) uint16 {
	for _, u := range use {
		language := lexicons[u].Language
		id := c.find(language, k.form)
		if id == 0 && k.alt != "" {
			id = c.find(language, k.alt)
		}
		if id != 0 {
			return id
		}
	}
	return 0
}

// addKinds adds each kind of thing that the text mentions, and each pair of kinds in the same sentence or in neighbouring
// sentences. For example, an event and an hour together make a text urgent.
func (f *featurer) addKinds() {
	seen := map[[3]byte]bool{} // {kind} or {lesser kind, greater kind, 1}
	add := func(key [3]byte, at int) {
		if !seen[key] {
			seen[key] = true
			f.add(hash('k', string(key[:])), at, 0)
			f.all[len(f.all)-1].press = true
		}
	}
	for i, k := range f.kinds {
		add([3]byte{k.kind}, k.at)

		for _, earlier := range f.kinds[:i] {
			distance := f.t.tokens[k.at].sentence - f.t.tokens[earlier.at].sentence
			if k.kind != earlier.kind && distance <= 1 {
				add([3]byte{min(k.kind, earlier.kind), max(k.kind, earlier.kind), 1}, k.at)
			}
		}
	}
}

// conceptBytes encodes a concept for hashing.
func conceptBytes(c uint16) string { return string([]byte{byte(c), byte(c >> 8)}) }

// maxCounted is the maximum number of phrases of the same section that count in a text.
const maxCounted = 3

// addPhrases adds the phrases of the lexicons, by their section. A section's first, second and third phrase are different
// features.
func (f *featurer) addPhrases(matches []match) {
	modifiers := matchesOf(matches, lexicon.OfModifier)
	counts := map[lexicon.Section]int{}
	for _, family := range []lexicon.Family{lexicon.OfMood, lexicon.OfUrgency, lexicon.OfIntent, lexicon.OfModifier} {
		for _, m := range withoutInnerMatches(matchesOf(matches, family)) {
			s := *m.Section

			if f.t.tokens[m.first].quoted {
				continue
			}
			if family == lexicon.OfMood && isNegated(f.t, m, modifiers) {
				s.Name += " not"
			}

			counts[s]++
			n := counts[s]
			if n > maxCounted {
				continue
			}

			weight := string(rune('0' + int(2*s.Weight))) // the weights 0.5, 1 and 2 become "1", "2" and "4"
			f.add(hash('l'+byte(n), string(rune('0'+s.Family)), s.Name, weight), m.first, ruleWeight)
			f.all[len(f.all)-1].rule = true
		}
	}
}

// addVerdicts adds the sentiment and the urgency that the lexicons alone would find.
func (f *featurer) addVerdicts(matches []match) {
	all := withoutInnerMatches(matchesOf(matches, lexicon.OfUrgency))
	_, urgent := findUrgentWord(f.t, all, matchesOf(matches, lexicon.OfModifier))
	if slices.ContainsFunc(all, match.isCalming) {
		urgent = false
	}
	f.addRule(hash('v', string(lexiconSentiment(f.t, matches, urgent))))
	if urgent {
		f.addRule(hash('v', "because"))
	}
}

func (f *featurer) addRule(h uint32) {
	f.add(h, -1, ruleWeight)
	f.all[len(f.all)-1].rule = true
}

// addForm adds features of the form of a text, such as its length and the number of questions. It uses neither subjects nor
// earlier messages: the training examples have none, so the model couldn't learn from them.
func (f *featurer) addForm() {
	t := f.t
	var asks, loud, quoted, numbers int
	for i := range t.tokens {
		k := &t.tokens[i]
		if k.asks {
			asks++
		}
		if k.loud {
			loud++
		}
		if k.quoted {
			quoted++
		}
		if k.number {
			numbers++
		}
	}

	// The bases of addCount. Counts that are usually high have a higher base.
	const (
		low    = 2
		medium = 3
		high   = 4
	)

	f.addCount("words", len(t.tokens), high)
	f.addCount("asks", asks, low)
	firstLoud := len(f.all)
	f.addCount("loud", loud, low)
	for i := range f.all[firstLoud:] {
		f.all[firstLoud+i].loud = true
	}
	f.addCount("quoted", quoted, high)
	f.addCount("numbers", numbers, medium)
	if t.capitals > 2 && t.capitals*2 > len(t.tokens) {
		f.addFlag("caps")
	}

	last := len(t.tokens) - 1
	if last >= 0 && t.tokens[last].asks {
		f.addFlag("ends asking")
	}
	if t.measureRepetition() >= fullRepetition {
		f.addFlag("litany") // the stored weights depend on this name
	}

	f.add(hash('1', "always"), -1, featureOne) // the model's bias
}

// addCount adds a feature for each power of a base that a count reaches: 1, base, base² and base³.
func (f *featurer) addCount(name string, count, base int) {
	const maxPowers = 4
	for i := 0; i < maxPowers && count >= 1; i++ {
		f.add(hash('s', name, string(rune('0'+i))), -1, formWeight)
		count /= base
	}
}

// addFlag adds a feature that a text has or hasn't.
func (f *featurer) addFlag(name string) { f.addCount(name, 1, 2) }
