package evaluation

import (
	"bytes"
	"embed"
	"fmt"
)

// halves holds our set.
//
//go:embed set/*.jsonl
var halves embed.FS

// Half is a part of our set.
type Half string

// The halves. They were dealt message by message, so that both are alike in languages, labels and difficulties. Dev2
// and Dev3 were written later, about other trades, and are no part of All: they are there to be learned from. Check was
// written together with Dev3, and is only measured.
const (
	Dev    Half = "dev"    // what rules and prompts are tuned on
	Unseen Half = "unseen" // what nobody looks at while tuning
	All    Half = "all"
	Dev2   Half = "dev2"
	Dev3   Half = "dev3"
	Check  Half = "check"  // what nobody tunes on, either
	Check2 Half = "check2" // what is pressing though said quietly, and what only sounds so: measured alone, too
	Check3 Half = "check3" // more trades, with many numbers, by somebody else: measured alone, too
)

// isOrHolds reports whether a part is another one, or has it: All has Dev and Unseen.
func (h Half) isOrHolds(other Half) bool {
	if h == All {
		return other == Dev || other == Unseen
	}
	return h == other
}

// Ours returns our own set.
// Errors: an unknown half.
func Ours(half Half) ([]Message, error) {
	var messages []Message
	for _, h := range []Half{Dev, Unseen, Dev2, Dev3, Check, Check2, Check3} {
		if !half.isOrHolds(h) {
			continue
		}

		name := "set/" + string(h) + ".jsonl"
		raw, err := halves.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("evaluation: %w", err)
		}

		part, err := Read(name, bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("evaluation: %w", err)
		}

		messages = append(messages, part...)
	}

	if len(messages) == 0 {
		return nil, fmt.Errorf("evaluation: the set has no half %q", half)
	}

	return messages, nil
}
