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

const (
	maxLineBytes = 1 << 20
	maxFaults    = 10 // reported at once
)

// line is a line of a set's file. Pointers distinguish a missing field, which is an error, from an empty one.
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

// Read reads a set of labelled messages: one JSON object a line, such as
//
//	{"text": "Where is order 4711?", "language": "en", "sentiment": "neutral", "urgent": false, "intents": ["order_status"]}
//
// It skips empty lines. It returns the valid messages together with a joined error, which names the file, the line and
// the field of up to ten mistakes. The name is that of the file.
func Read(name string, from io.Reader) ([]Message, error) {
	var messages []Message
	var faults []error
	lineByID := map[string]int{}
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, maxLineBytes)
	n := 0
	for scanner.Scan() && len(faults) < maxFaults {
		n++
		raw := scanner.Bytes()
		if n == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\ufeff")) // the byte order mark of some editors
		}
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}

		m, err := parse(raw)
		if m.ID == "" {
			m.ID = fmt.Sprintf("line %d", n)
		}

		firstLine, isDuplicate := lineByID[m.ID]
		if err == nil && isDuplicate {
			err = fieldFault("id", "%q is that of line %d, too", m.ID, firstLine)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s, line %d, %w", name, n, err))
			continue
		}

		lineByID[m.ID] = n
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

// parse reads a line and checks its labels. On an error, the message has at least the ID if the line has one.
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
		References: l.References, Difficulties: l.Hard,
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

// explainJSON rewords an error of the JSON decoder for people who write sets. It names the field if the error has one.
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
