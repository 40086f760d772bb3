package evaluation

import (
	"bytes"
	"embed"
	"fmt"
)

//go:embed set/*.jsonl
var setFiles embed.FS

// Set is the name of a set of labelled messages that is embedded in Parley. Training sets are used to tune analyzers. Test
// sets are only used to measure them, so that their figures show what to expect of new messages.
type Set string

// The main sets. Their messages were split so that both have a similar mix of languages, labels and difficulties.
const (
	Dev    Set = "dev"    // training set for rules and prompts
	Unseen Set = "unseen" // test set; nobody reads it while tuning
	All    Set = "all"    // both together
)

// Further sets, with messages from other trades.
const (
	Dev2   Set = "dev2"   // training set for the offline model
	Dev3   Set = "dev3"   // training set for the offline model
	Check  Set = "check"  // test set
	Check2 Set = "check2" // test set: urgent messages that sound calm, and the reverse
	Check3 Set = "check3" // test set: many reference numbers, by another author
)

// files returns the names of a set's files, or nil for an unknown set.
func (s Set) files() []string {
	switch s {
	case All:
		return []string{"set/dev.jsonl", "set/unseen.jsonl"}
	case Dev, Unseen, Dev2, Dev3, Check, Check2, Check3:
		return []string{"set/" + string(s) + ".jsonl"}
	}
	return nil
}

// ReadSet returns the messages of a set. It fails if there is no such set.
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
