package evaluation

import (
	"bytes"
	"embed"
	"fmt"
)

//go:embed set/*.jsonl
var setFiles embed.FS

// Set names labelled messages that come with Parley: a file of the folder set, or both files of All. Some sets are there
// to be learned from; the others are only measured, so that their figures say what to expect of new messages.
type Set string

// The sets that all figures of the documentation begin with.
const (
	Dev    Set = "dev"    // what rules and prompts are tuned on
	Unseen Set = "unseen" // what nobody looks at while tuning
	// All is Dev and Unseen. They were dealt message by message, so that both halves are alike in languages, labels and
	// difficulties.
	All Set = "all"
)

// Sets that were written later, about other trades.
const (
	Dev2   Set = "dev2" // what the offline model also learns from
	Dev3   Set = "dev3" // likewise
	Check  Set = "check"
	Check2 Set = "check2" // what is pressing though said quietly, and what only sounds so
	Check3 Set = "check3" // more trades, with many numbers, by somebody else
)

// files returns the names of a set's files; none if there is no such set.
func (s Set) files() []string {
	switch s {
	case All:
		return []string{"set/dev.jsonl", "set/unseen.jsonl"}
	case Dev, Unseen, Dev2, Dev3, Check, Check2, Check3:
		return []string{"set/" + string(s) + ".jsonl"}
	}
	return nil
}

// ReadSet returns the messages of a set.
// Errors: there is no such set.
func ReadSet(s Set) ([]Message, error) {
	files := s.files()
	if len(files) == 0 {
		return nil, fmt.Errorf("evaluation: there is no set %q", s)
	}

	var messages []Message
	for _, name := range files {
		raw, err := setFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("evaluation: %w", err)
		}

		part, err := Read(name, bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("evaluation: %w", err)
		}

		messages = append(messages, part...)
	}
	return messages, nil
}
