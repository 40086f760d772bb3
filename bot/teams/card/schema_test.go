package card

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published returns the schema of Adaptive Cards 1.5, as Microsoft publishes it.
// Source: github.com/microsoft/AdaptiveCards, schemas/1.5.0/adaptive-card.json; MIT licence.
var published = sync.OnceValues(func() (*jsonschema.Schema, error) {
	raw, err := os.ReadFile("testdata/schema/adaptive-card.v1.5.schema.json")
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	const name = "http://adaptivecards.io/schemas/adaptive-card.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
})

// schemaFault returns what in a card the published schema does not have. It is nil if there is nothing.
func schemaFault(t testing.TB, card json.RawMessage) error {
	t.Helper()
	schema, err := published()
	noError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(card))
	noError(t, err)
	var fault *jsonschema.ValidationError
	if !errors.As(schema.Validate(withoutTeams(v)), &fault) {
		return nil
	}
	return deepest(fault)
}

// withoutTeams takes out of a card what Teams has and the schema doesn't: Teams' own properties, and
// the style of a list that is searched by typing, which came with version 1.5.
// Source: learn.microsoft.com, "People Picker in Adaptive Cards", "Typeahead search in Adaptive
// Cards", "Format cards in Teams", read 2026-11.
func withoutTeams(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutTeams(v[i])
		}
	case map[string]any:
		delete(v, "msteams")
		if v["type"] == "Input.ChoiceSet" && v["style"] == "filtered" {
			delete(v, "style")
		}
		for name := range v {
			v[name] = withoutTeams(v[name])
		}
	}
	return v
}

// deepest returns the fault that lies deepest in the card: the schema tries every kind of element
// where one is, and those that are not meant fail further up.
func deepest(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	found := e
	for _, c := range e.Causes {
		if d := deepest(c); len(d.InstanceLocation) > len(found.InstanceLocation) || len(found.Causes) > 0 {
			found = d
		}
	}
	return found
}

// The schema refuses what it doesn't have, and nothing else.
func TestSchema(t *testing.T) {
	t.Parallel()
	for body, isValid := range map[string]bool{
		`"body": [{"type": "TextBlock", "text": "x", "size": "large"}], "msteams": {"width": "full"}`: true,
		`"body": [{"type": "TextBlock", "text": "x", "size": "huge"}]`:                                false,
		`"body": [{"type": "TextBlock", "text": "x", "bold": true}]`:                                  false,
		`"body": [{"type": "TextBlock"}]`:                                                             false,
		`"body": [{"type": "Carousel"}]`:                                                              false,
		`"actions": [{"type": "Action.Submit", "title": "x", "style": "danger"}]`:                     false,
	} {
		err := schemaFault(t, json.RawMessage(`{"type": "AdaptiveCard", "version": "1.5", `+body+`}`))
		if (err == nil) != isValid {
			t.Errorf("%s: got %v, want it to be valid: %v", body, err, isValid)
		}
	}
}
