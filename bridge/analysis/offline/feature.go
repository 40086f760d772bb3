package offline

import (
	"math"
	"slices"
)

// What a feature weighs in a text, in 1/256: each kind shares its part among the features of a text.
const (
	wordPart    = 192
	conceptPart = 224
	kindPart    = 128
	ruleWeight  = 96
	formWeight  = 96
)

// feature is something that a text has, by the hash that names it.
type feature struct {
	name  uint32
	at    int32 // the word that has it, or -1 of the whole text
	value int32 // in 1/256
	rule  bool  // the lexicons say it
	press bool  // says something of urgency, and nothing of what else is learned
}

// features gives what a text has, for a model to weigh: its words and their parts, what they mean in any
// language, what the lexicons say of it, and its form.
func (a *Analyzer) features(t *text, use []int, matches []match) []feature {
	f := featurer{t: t, all: make([]feature, 0, 16*len(t.tokens)+64)}
	f.words()
	f.share(0, wordPart)
	from := len(f.all)
	f.meanings(a.concepts, a.lexicons, use)
	f.share(from, conceptPart)
	from = len(f.all)
	f.kinds()
	f.share(from, kindPart)
	f.rules(matches)
	f.verdicts(matches)
	f.shape()
	return f.all
}

type featurer struct {
	t     *text
	all   []feature
	sorts []sort // what sort of thing is told of, in the order of the text
}

// sort is a kind of meaning that a word has.
type sort struct {
	kind byte
	at   int
}

// hash is FNV-1a, begun with a letter for the kind of feature.
func hash(kind byte, parts ...string) uint32 {
	h := (uint32(2166136261) ^ uint32(kind)) * 16777619
	for _, p := range parts {
		for i := 0; i < len(p); i++ {
			h = (h ^ uint32(p[i])) * 16777619
		}
		h = (h ^ ' ') * 16777619
	}
	return h
}

func (f *featurer) add(h uint32, at int, value int32) {
	h ^= h >> 15
	f.all = append(f.all, feature{name: h, at: int32(at), value: value})
}

// share divides a part among the features since a place, so that long texts weigh no more than short ones.
func (f *featurer) share(from int, part float64) {
	n := len(f.all) - from
	if n == 0 {
		return
	}
	value := int32(math.Round(part / math.Sqrt(float64(n))))
	for i := from; i < len(f.all); i++ {
		f.all[i].value = value
	}
}

// words adds words, pairs of words and parts of words. What is quoted says little of who quotes it.
func (f *featurer) words() {
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
			form = "0"
		}
		f.add(hash('w', form), i, 0)
		f.add(hash('b', last, form), i, 0)
		last = form
		if len(form) >= 5 {
			for n := 4; n <= min(7, len(form)-1); n++ {
				f.add(hash('p', form[:n]), i, 0)
			}
			f.add(hash('e', form[len(form)-4:]), i, 0)
			for n := 5; n <= len(form)-4; n++ { // the second half of a compound, as it begins elsewhere
				f.add(hash('p', form[len(form)-n:]), i, 0)
			}
		}
	}
}

// meanings adds concepts, and pairs of those which follow each other.
func (f *featurer) meanings(known *concepts, lexicons []*lexicon, use []int) {
	var row [3]uint16
	sentence := -1
	for i := range f.t.tokens {
		k := &f.t.tokens[i]
		if k.sentence != sentence {
			row, sentence = [3]uint16{}, k.sentence
		}
		c := uint16(0)
		for _, u := range use {
			if c = known.of(lexicons[u].language, k.form); c == 0 && k.alt != "" {
				c = known.of(lexicons[u].language, k.alt)
			}
			if c != 0 {
				break
			}
		}
		if !k.quoted && (k.number && isHour(f.t, i) || isHourWord(f.t, i, lexicons, use)) {
			f.sorts = append(f.sorts, sort{clockKind, i})
		}
		if c == 0 {
			continue
		}
		if k.quoted {
			f.add(hash('Q', concept(c)), i, 0)
			continue
		}
		f.add(hash('c', concept(c)), i, 0)
		if kind := known.kinds[c]; kind != 0 {
			f.sorts = append(f.sorts, sort{kind, i})
		}
		for _, earlier := range row {
			if earlier != 0 && earlier != c {
				f.add(hash('d', concept(earlier), concept(c)), i, 0)
			}
		}
		row[0], row[1], row[2] = row[1], row[2], c
	}
}

// kinds adds each sort of thing that is told of, and which two stand in one sentence or in two that follow each other.
func (f *featurer) kinds() {
	seen := map[[3]byte]bool{}
	add := func(row [3]byte, at int) {
		if !seen[row] {
			seen[row] = true
			f.add(hash('k', string(row[:])), at, 0)
			f.all[len(f.all)-1].press = true
		}
	}
	for i, s := range f.sorts {
		add([3]byte{s.kind}, s.at)
		for _, o := range f.sorts[:i] {
			apart := f.t.tokens[s.at].sentence - f.t.tokens[o.at].sentence
			if s.kind != o.kind && apart <= 1 {
				add([3]byte{min(s.kind, o.kind), max(s.kind, o.kind), 1}, s.at)
			}
		}
	}
}

// concept writes a concept's number for hashing.
func concept(c uint16) string { return string([]byte{byte(c), byte(c >> 8)}) }

// rules adds what the lexicons found, each heading once, twice, or more often.
func (f *featurer) rules(matches []match) {
	turns := matchesOf(matches, ofTurn)
	counts := map[section]int{}
	for _, family := range []family{ofMood, ofUrgency, ofIntent, ofTurn} {
		for _, m := range longest(matchesOf(matches, family)) {
			s := *m.section
			if f.t.tokens[m.first].quoted {
				continue
			}
			if family == ofMood && negates(f.t, m, turns) {
				s.name += " not"
			}
			counts[s]++
			if n := counts[s]; n <= 3 {
				f.add(hash('l'+byte(n), string(rune('0'+s.family)), s.name, string(rune('0'+int(2*s.weight)))), m.first, ruleWeight)
				f.all[len(f.all)-1].rule = true
			}
		}
	}
}

// verdicts adds what the lexicons alone would say of mood and urgency.
func (f *featurer) verdicts(matches []match) {
	all := longest(matchesOf(matches, ofUrgency))
	urgent := urgentWord(f.t, all, matchesOf(matches, ofTurn)) >= 0 &&
		!slices.ContainsFunc(all, func(m match) bool { return m.name == "calm" || m.name == "over" })
	mood := string(sentiment(f.t, matches, urgent))
	f.rule(hash('v', mood))
	if urgent {
		f.rule(hash('v', "because"))
	}
}

func (f *featurer) rule(h uint32) {
	f.add(h, -1, ruleWeight)
	f.all[len(f.all)-1].rule = true
}

// shape adds how a text is written. Whether it has a subject, and what came before, says nothing: examples have neither, so
// that both would only tell examples from mails.
func (f *featurer) shape() {
	t := f.t
	asks, loud, quoted, numbers, sentences := 0, 0, 0, 0, 0
	for i := range t.tokens {
		k := &t.tokens[i]
		sentences = max(sentences, k.sentence)
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
	sized := func(name string, n, step int) {
		for i := 0; i < 4 && n >= 1; i++ {
			f.add(hash('s', name, string(rune('0'+i))), -1, formWeight)
			n /= step
		}
	}
	sized("words", len(t.tokens), 4)
	sized("asks", asks, 2)
	sized("loud", loud, 2)
	sized("quoted", quoted, 4)
	sized("numbers", numbers, 3)
	if t.caps*2 > len(t.tokens) && t.caps > 2 {
		sized("caps", 1, 2)
	}
	if n := len(t.tokens); n > 0 && t.tokens[n-1].asks {
		sized("ends asking", 1, 2)
	}
	if f.t.litany() >= 1 {
		sized("litany", 1, 2)
	}
	f.add(hash('1', "always"), -1, 256)
}
