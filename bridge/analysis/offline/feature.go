package offline

import (
	"math"
	"slices"

	"parley/bridge/analysis/offline/lexicon"
)

// The analysis without a server weighs features: things that a text has or lacks, such as a word, an exclamation
// mark, or a phrase of the lexicons. Here a text's features are collected. What each of them says about the
// customer's mood, urgency and intent was learned from examples (model.go).

// What a feature weighs in a text, as a share of featureOne: each kind shares its part among the features of a text.
const (
	featureOne  = 256
	wordPart    = 192
	conceptPart = 224
	kindPart    = 128
	ruleWeight  = 96
	formWeight  = 96
)

// feature is something that a text has. Its name is a hash: of a word, for example.
type feature struct {
	name  uint32
	at    int32 // the word that has it, or -1 of the whole text
	value int32 // as a share of featureOne
	rule  bool  // the lexicons say it
	press bool  // it tells of urgency only, and nothing of what else is learned
	loud  bool  // exclamation marks say it
}

// findFeatures returns what a text has, for a model to weigh: its words and their parts, what they mean in any
// language, what the lexicons say of it, and its form.
func (a *Analyzer) findFeatures(t *text, use []int, matches []match) []feature {
	const usual = 16 // of a word: a guess that saves copying
	f := featurer{t: t, all: make([]feature, 0, usual*(len(t.tokens)+4))}
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
	kinds []wordKind // what kinds of things are told of, in the order of the text
}

// wordKind is the kind of what a word names: an hour, an event, a danger.
type wordKind struct {
	kind byte
	at   int
}

// hash is FNV-1a, begun with a letter for the kind of feature.
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

// add appends a feature. The lower half of its name is where its weights are (model.go), so the upper half is mixed in.
func (f *featurer) add(h uint32, at int, value int32) {
	h ^= h >> 15
	f.all = append(f.all, feature{name: h, at: int32(at), value: value})
}

// shareAmong divides a part among the features since a place, so that long texts weigh no more than short ones.
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

// Which parts of a word are features, in bytes.
const (
	shortestCut  = 5 // of a shorter word no part is
	shortestHead = 4
	longestHead  = 7
	tailLength   = 4
	shortestHalf = 5 // the second half of a compound, as it begins elsewhere
	shortestRest = 4 // what such a half leaves of the word
)

// addWords adds words, pairs of words and parts of words. What is quoted says little of who quotes it.
func (f *featurer) addWords() {
	last := ""
	sentence := -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			last, sentence = "^", k.sentence
		}
		if k.quoted {
			last = "q"
			continue
		}

		form := k.form
		if k.number {
			form = lexicon.AnyNumber
		}

		f.add(hash('w', form), i, 0)
		f.add(hash('b', last, form), i, 0)
		last = form

		if len(form) < shortestCut {
			continue
		}

		for n := shortestHead; n <= min(longestHead, len(form)-1); n++ {
			f.add(hash('p', form[:n]), i, 0)
		}

		f.add(hash('e', form[len(form)-tailLength:]), i, 0)
		for n := shortestHalf; n <= len(form)-shortestRest; n++ {
			f.add(hash('p', form[len(form)-n:]), i, 0)
		}
	}
}

// addMeanings adds concepts, and pairs of those which follow each other. It collects what kinds of things they are.
func (f *featurer) addMeanings(known *concepts, lexicons []*lexicon.Lexicon, use []int) {
	var earlier [3]uint16 // the last three concepts of the sentence, the latest last; 0 is none
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

// findAny returns the concept of a word in the first language that knows it, 0 if none does.
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

// addKinds adds each kind of thing that is told of, and which two stand in one sentence or in two that follow each other.
func (f *featurer) addKinds() {
	seen := map[[3]byte]bool{} // two kinds, the lesser first, and a 1; or one kind
	add := func(row [3]byte, at int) {
		if !seen[row] {
			seen[row] = true
			f.add(hash('k', string(row[:])), at, 0)
			f.all[len(f.all)-1].press = true
		}
	}
	for i, k := range f.kinds {
		add([3]byte{k.kind}, k.at)

		for _, o := range f.kinds[:i] {
			apart := f.t.tokens[k.at].sentence - f.t.tokens[o.at].sentence
			if k.kind != o.kind && apart <= 1 {
				add([3]byte{min(k.kind, o.kind), max(k.kind, o.kind), 1}, k.at)
			}
		}
	}
}

// conceptBytes writes a concept's number for hashing.
func conceptBytes(c uint16) string { return string([]byte{byte(c), byte(c >> 8)}) }

// mostCounted is how often a heading of the lexicons counts in a text: more often says no more.
const mostCounted = 3

// addPhrases adds what the lexicons found, each heading once, twice, or more often.
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
			if n > mostCounted {
				continue
			}

			// Half weights are told apart by twice the weight: 1, 2 and 4.
			weight := string(rune('0' + int(2*s.Weight)))
			f.add(hash('l'+byte(n), string(rune('0'+s.Family)), s.Name, weight), m.first, ruleWeight)
			f.all[len(f.all)-1].rule = true
		}
	}
}

// addVerdicts adds what the lexicons alone would say of mood and urgency.
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

// addForm adds how a text is written. Whether it has a subject, and what came before, says nothing: examples have neither, so
// that both would only tell examples from mails.
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

	const (
		few     = 2 // the step from few to many, of what is rare in a text
		several = 3
		many    = 4 // of what is frequent
	)

	f.addSize("words", len(t.tokens), many)
	f.addSize("asks", asks, few)
	quiet := len(f.all)
	f.addSize("loud", loud, few)
	for i := range f.all[quiet:] {
		f.all[quiet+i].loud = true
	}
	f.addSize("quoted", quoted, many)
	f.addSize("numbers", numbers, several)
	if t.capitals > 2 && t.capitals*2 > len(t.tokens) {
		f.addSize("caps", 1, few)
	}

	last := len(t.tokens) - 1
	if last >= 0 && t.tokens[last].asks {
		f.addSize("ends asking", 1, few)
	}
	if t.measureRepetition() >= fullRepetition {
		f.addSize("litany", 1, few) // the name of the learned feature: what its weights are stored by
	}

	f.add(hash('1', "always"), -1, featureOne)
}

// addSize adds a feature for each step that a count reaches, at most four: 1, step, step times step and so on.
func (f *featurer) addSize(name string, count, step int) {
	const mostSteps = 4
	for i := 0; i < mostSteps && count >= 1; i++ {
		f.add(hash('s', name, string(rune('0'+i))), -1, formWeight)
		count /= step
	}
}
