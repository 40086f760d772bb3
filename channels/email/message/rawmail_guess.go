package message

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// Guesser detects the charsets of the texts in one mail. Detection is slow, and a mail may have thousands of parts and
// names, so each Guesser has a budget. It is not safe for concurrent use.
type Guesser struct {
	guessesLeft int               // remaining guesses
	bytesLeft   int               // remaining bytes for guesses
	last        encoding.Encoding // the last reliable guess; nil before the first one
}

// The budget of one mail, and when a guess is reliable: it needs at least minGuessBytes of text, and a confidence of
// minConfidence percent.
const (
	maxGuesses      = 12
	maxGuessedBytes = 48 << 10
	maxGuessBytes   = 16 << 10
	minGuessBytes   = 20
	minConfidence   = 30
)

// NewGuesser returns a Guesser for one mail.
func NewGuesser() *Guesser { return &Guesser{guessesLeft: maxGuesses, bytesLeft: maxGuessedBytes} }

// guessEncoding guesses the encoding of b. It returns windows-1252 unless another one is likely. If the budget is used up,
// it repeats the last guess, since hardly any mail has two charsets. The results for a mail are deterministic, because
// stored addresses and message IDs depend on them.
func (g *Guesser) guessEncoding(b []byte) encoding.Encoding {
	if len(b) < minGuessBytes {
		return windows1252Encoding()
	}
	hasBudget := g.guessesLeft > 0 && g.bytesLeft >= minGuessBytes
	if !hasBudget && g.last != nil {
		return g.last
	}
	if !hasBudget {
		return windows1252Encoding()
	}

	b = b[:min(len(b), maxGuessBytes, g.bytesLeft)]
	g.guessesLeft--
	g.bytesLeft -= len(b)
	guess := likeliestCharset(b)
	isReliable := guess.Confidence >= minConfidence && !strings.HasPrefix(guess.Charset, "UTF-")
	if !isReliable {
		return windows1252Encoding()
	}
	enc := findEncoding(strings.ToLower(guess.Charset))
	if enc == nil {
		return windows1252Encoding()
	}
	g.last = enc
	return enc
}

// windows1252Encoding returns the usual encoding of Western texts that declare no charset.
func windows1252Encoding() encoding.Encoding {
	enc, err := htmlindex.Get("windows-1252")
	if err != nil {
		return encoding.Replacement
	}
	return enc
}

// likeliestCharset returns chardet's best result. Ties are broken in favour of Western charsets, and then by name, because
// chardet's own choice among them is random (it depends on which goroutine finishes first).
func likeliestCharset(b []byte) chardet.Result {
	list, err := chardet.NewTextDetector().DetectAll(b)
	if err != nil {
		return chardet.Result{}
	}
	return slices.MinFunc(list, func(a, b chardet.Result) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(rankOf(a), rankOf(b)), cmp.Compare(a.Charset, b.Charset))
	})
}

// rankOf returns 0 for Western charsets and 1 for all others.
func rankOf(r chardet.Result) int {
	if r.Charset == "ISO-8859-1" || r.Charset == "windows-1252" {
		return 0
	}
	return 1
}
