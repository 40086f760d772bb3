package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// A model should answer with one JSON object and nothing else. Models that don't enforce a schema often write more:
//
//	<think>The customer asks for …</think>
//	Here is the analysis:
//	```json
//	{"language": "en", "sentiment": "neutral", …}
//	```
//
// This file finds the object in such a text and checks its fields and values.

// The limits of an answer. They are higher than what the model is asked for: analysis.Check cuts an answer that is a
// little too long, which is cheaper than a second request.
const (
	maxContent = 64 << 10 // bytes
	maxListed  = 20       // entries in a list
	maxText    = 4000     // characters of a reply
	maxValue   = 300      // characters of the reason and of each value
	maxNames   = 300      // tokens of the allowed names that an error lists
	maxBraces  = 32       // opening braces at which a JSON object is looked for
)

// wire is the JSON object that a model is asked for.
type wire struct {
	Language   string   `json:"language"`
	Sentiment  string   `json:"sentiment"`
	Urgent     bool     `json:"urgent"`
	Because    string   `json:"because"`
	Intents    []string `json:"intents"`
	References []struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	} `json:"references"`
	Tags    []string `json:"tags"`
	Replies []struct {
		Text    string   `json:"text"`
		Sources []string `json:"sources"`
	} `json:"replies"`
	Actions []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"actions"`
}

// shapeError is an error about the fields or types of an answer. It shows that the server doesn't enforce the schema.
// Other errors are about values, which may be wrong even if it does. The model itself is shown the text.
type shapeError string

func (e shapeError) Error() string { return string(e) }

// decode returns the last valid object in a model's output: models that think aloud may write drafts before it. The
// errors are meant to be shown to the model. They don't quote the output.
func decode(content string, q analysis.Question) (wire, error) {
	if len(content) > maxContent {
		return wire{}, errors.New("the answer is too long")
	}

	var lastErr error = shapeError("there is no JSON object in the answer")
	var found *wire
	for _, object := range findObjects(stripReasoning(content)) {
		w, err := decodeObject(object, q)
		if err != nil {
			lastErr = err
			continue
		}
		found = &w
	}
	if found == nil {
		return wire{}, lastErr
	}
	return *found, nil
}

// stripReasoning removes the reasoning that some local models write between <think> and </think>.
func stripReasoning(s string) string {
	if _, after, ok := strings.Cut(s, "</think>"); ok {
		return after
	}
	return s
}

// findObjects returns the outermost JSON objects in a text, whether alone, in Markdown fences or within prose.
func findObjects(s string) []json.RawMessage {
	var all []json.RawMessage
	for range maxBraces {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}

		d := json.NewDecoder(strings.NewReader(s[i:]))
		var object json.RawMessage
		if d.Decode(&object) != nil {
			s = s[i+1:]
			continue
		}

		all = append(all, object)
		s = s[i+int(d.InputOffset()):]
	}
	return all
}

// decodeObject decodes an object strictly: each field must be present, not null, known, and of the right type.
func decodeObject(object json.RawMessage, q analysis.Question) (wire, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return wire{}, shapeError("the answer is not valid JSON")
	}

	for _, name := range answerFields() {
		value, ok := fields[name]
		if !ok {
			return wire{}, shapeError(fmt.Sprintf("the field %q is missing", name))
		}
		if string(value) == "null" {
			return wire{}, shapeError(fmt.Sprintf("the field %q must not be null", name))
		}
	}

	if len(fields) > len(answerFields()) {
		return wire{}, shapeError("there are fields that were not asked for; the fields are " + strings.Join(answerFields(), ", "))
	}

	var w wire
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return wire{}, describeTypeError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return wire{}, shapeError("something follows the JSON object")
	}
	return w, w.check(choicesOf(q))
}

// describeTypeError returns a text for the model about a field of the wrong type. It doesn't contain the value.
func describeTypeError(err error) error {
	const mostField = 20 // tokens
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return shapeError(fmt.Sprintf("the field %q must be a %s", clipTokens(wrong.Field, mostField), wrong.Type))
	}
	return shapeError("a field of a reference, a reply or an action has a wrong name or type")
}

// check reports the first value that the model was not asked for. It also normalizes the language: "EN-us" becomes
// "en".
func (w *wire) check(n choices) error {
	w.Language = strings.ToLower(w.Language)
	if len(w.Language) > 2 {
		w.Language, _, _ = strings.Cut(strings.ReplaceAll(w.Language, "_", "-"), "-")
	}
	if w.Language != "" && len(w.Language) != 2 {
		return errors.New(`"language" must be a code of ISO 639-1 like "en", or ""`)
	}
	if !slices.Contains(analysis.SentimentNames(), w.Sentiment) {
		return errors.New(`"sentiment" must be one of ` + strings.Join(analysis.SentimentNames(), ", "))
	}
	if err := w.checkLengths(); err != nil {
		return err
	}

	var kinds, cited, actions []string
	for _, r := range w.References {
		kinds = append(kinds, r.Kind)
	}
	for _, r := range w.Replies {
		cited = append(cited, r.Sources...)
	}
	for _, a := range w.Actions {
		actions = append(actions, a.Name)
	}
	return errors.Join(
		checkNames(`"intents"`, w.Intents, n.intents),
		checkNames(`"tags"`, w.Tags, n.tags),
		checkNames(`"kind" of a reference`, kinds, n.kinds),
		checkNames(`"sources" of a reply`, cited, n.sources),
		checkNames(`"name" of an action`, actions, n.actions))
}

func (w *wire) checkLengths() error {
	if max(len(w.Intents), len(w.References), len(w.Tags), len(w.Replies), len(w.Actions)) > maxListed {
		return fmt.Errorf("a list has more than %d entries", maxListed)
	}

	for _, r := range w.Replies {
		if utf8.RuneCountInString(r.Text) > maxText || len(r.Sources) > maxListed {
			return errors.New("a reply is too long: it may have 800 characters")
		}
	}

	texts := []string{w.Because}
	for _, r := range w.References {
		texts = append(texts, r.Value)
	}

	for _, a := range w.Actions {
		texts = append(texts, a.Value)
	}

	for _, t := range texts {
		if utf8.RuneCountInString(t) > maxValue {
			return errors.New(`"because" and each "value" must be short: at most 120 characters`)
		}
	}
	return nil
}

// checkNames returns an error if one of the used names is not allowed. The error lists the allowed names.
func checkNames(what string, used, allowed []string) error {
	for _, name := range used {
		if slices.Contains(allowed, name) {
			continue
		}
		if len(allowed) == 0 {
			return fmt.Errorf("%s must be an empty list: there is nothing to choose from", what)
		}
		return fmt.Errorf("%s may only be of: %s", what, clipTokens(strings.Join(allowed, ", "), maxNames))
	}
	return nil
}
