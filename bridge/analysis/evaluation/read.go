package evaluation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"parley/bridge/analysis"
)

// mostLine is how long a line of a set may be, and mostFaults how many of them are told at once.
const (
	mostLine   = 1 << 20
	mostFaults = 10
)

// line is a message as a file has it. Pointers tell what is missing from what is empty.
type line struct {
	ID         string              `json:"id"`
	Language   *string             `json:"language"`
	Subject    string              `json:"subject"`
	Text       string              `json:"text"`
	Texts      []string            `json:"texts"`
	Before     []Earlier           `json:"before"`
	Sentiment  *analysis.Sentiment `json:"sentiment"`
	Urgent     *bool               `json:"urgent"`
	Because    string              `json:"because"`
	Intents    *[]string           `json:"intents"`
	References []Reference         `json:"references"`
	Hard       []string            `json:"hard"`
}

// Read reads a set: a JSON object for each message, one a line. Empty lines are passed over.
// Errors: each names the file, the line and the field.
func Read(name string, from io.Reader) ([]Message, error) {
	var messages []Message
	var faults []error
	seen := map[string]int{}
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, mostLine)
	n := 0
	for scanner.Scan() && len(faults) < mostFaults {
		n++
		raw := bytes.TrimSpace(scanner.Bytes())
		if len(raw) == 0 {
			continue
		}

		m, err := parse(raw)
		if m.ID == "" {
			m.ID = fmt.Sprintf("line %d", n)
		}

		first := seen[m.ID]
		if err == nil && first > 0 {
			err = fieldFault("id", "%q is that of line %d, too", m.ID, first)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s, line %d, %w", name, n, err))
			continue
		}

		seen[m.ID] = n
		messages = append(messages, m)
	}

	if err := scanner.Err(); err != nil {
		faults = append(faults, fmt.Errorf("%s, line %d: %w", name, n+1, err))
	}
	if len(faults) == 0 && len(messages) == 0 {
		faults = append(faults, fmt.Errorf("%s has no messages", name))
	}

	return messages, errors.Join(faults...)
}

// parse reads a line and checks all of its labels.
func parse(raw []byte) (Message, error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return Message{ID: l.ID}, explainJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Message{ID: l.ID}, errors.New("a line holds one message, and nothing behind it")
	}

	m := Message{
		ID: l.ID, Subject: l.Subject, Texts: l.Texts, Before: l.Before, Because: l.Because,
		References: l.References, Hard: l.Hard,
	}
	switch {
	case l.Text != "" && len(l.Texts) > 0:
		return m, fieldFault("text", "give either text, or texts for a burst of several messages")
	case l.Text != "":
		m.Texts = []string{l.Text}
	case len(l.Texts) == 0:
		return m, fieldFault("text", "is missing")
	}

	switch {
	case l.Language == nil:
		return m, fieldFault("language", `is missing; "" stands for a language that need not be known`)
	case l.Sentiment == nil:
		return m, fieldFault("sentiment", "is missing")
	case l.Urgent == nil:
		return m, fieldFault("urgent", "is missing")
	case l.Intents == nil:
		return m, fieldFault("intents", "is missing; [] stands for none")
	}

	m.Language = *l.Language
	m.Sentiment = *l.Sentiment
	m.Urgent = *l.Urgent
	m.Intents = *l.Intents
	return m, m.check()
}

// explainJSON words the JSON decoder's errors, with the field where it knows one.
func explainJSON(err error) error {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fieldFault(kind.Field, "is a %s, and can't be", kind.Value)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fieldFault(strings.Trim(field, `"`), "is not known")
	}
	return fmt.Errorf("no JSON: %w", err)
}

func fieldFault(field, format string, args ...any) error {
	return fmt.Errorf("field "+field+": "+format, args...)
}
