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

// A model answers with text that should be one JSON object. This file finds and checks it. Models without a schema
// also write around it, or think aloud first, so the object may stand anywhere in the text.

// How long an answer may be. What is a little longer than asked for is not worth a second request: Check cuts it.
const (
	maxContent  = 64 << 10 // bytes
	maxListed   = 20       // entries of a list
	maxText     = 4000     // characters of a text
	maxValue    = 300      // characters of a reason and the like
	maxNames    = 300      // tokens of the names that a model is told
	maxAttempts = 32       // places at which an object may begin
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

// misshapen is the error of an answer that lacks the fields and types that were asked for. Its words are for the
// model. Any other error means that a value breaks a rule, which can also happen where the server enforces the
// schema.
type misshapen string

func (m misshapen) Error() string { return string(m) }

// decode reads what a model wrote. If several objects in it are valid, the last one counts, since a model that thinks aloud
// quotes before it answers.
// Errors: in words that a model can be shown. They quote nothing of its answer.
func decode(content string, q analysis.Question) (wire, error) {
	if len(content) > maxContent {
		return wire{}, errors.New("the answer is too long")
	}

	var err error = misshapen("there is no JSON object in the answer")
	var found *wire
	for _, object := range findObjects(withoutThoughts(content)) {
		w, wrong := decodeObject(object, q)
		if wrong != nil {
			err = wrong
			continue
		}
		found = &w
	}
	if found == nil {
		return wire{}, err
	}
	return *found, nil
}

// withoutThoughts removes what some local models write between <think> and </think>.
func withoutThoughts(s string) string {
	if _, after, ok := strings.Cut(s, "</think>"); ok {
		return after
	}
	return s
}

// findObjects returns the outermost JSON objects of a text: alone, in Markdown fences or among prose.
func findObjects(s string) []json.RawMessage {
	var all []json.RawMessage
	for range maxAttempts {
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

func decodeObject(object json.RawMessage, q analysis.Question) (wire, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return wire{}, misshapen("the answer is not valid JSON")
	}

	for _, name := range answerFields() {
		value, ok := fields[name]
		if !ok {
			return wire{}, misshapen(fmt.Sprintf("the field %q is missing", name))
		}
		if string(value) == "null" {
			return wire{}, misshapen(fmt.Sprintf("the field %q must not be null", name))
		}
	}

	if len(fields) > len(answerFields()) {
		return wire{}, misshapen("there are fields that were not asked for; the fields are " + strings.Join(answerFields(), ", "))
	}

	var w wire
	d := json.NewDecoder(bytes.NewReader(object))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return wire{}, typeFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return wire{}, misshapen("something follows the JSON object")
	}
	return w, w.check(allowedNames(q))
}

// typeFault says what is wrong with a field, without its value.
func typeFault(err error) error {
	const mostField = 20 // tokens
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return misshapen(fmt.Sprintf("the field %q must be a %s", clipTokens(wrong.Field, mostField), wrong.Type))
	}
	return misshapen("a field of a reference, a reply or an action has a wrong name or type")
}

// check compares an answer with what was asked for.
func (w *wire) check(n choices) error {
	w.Language = strings.ToLower(w.Language)
	if len(w.Language) > 2 {
		code, _, _ := strings.Cut(strings.ReplaceAll(w.Language, "_", "-"), "-") // "en-US"
		w.Language = code
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

// checkNames returns an error if a name is used that is not allowed. The error lists the allowed ones.
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
