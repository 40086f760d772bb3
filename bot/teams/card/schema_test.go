package card

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every golden card is valid by the published schema of Adaptive Cards 1.5, but for
// "msteams" at its root, which is Teams' own.
func TestSchema(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: the schema of Adaptive Cards is read from there")
	}
	file := filepath.Join(folder, "teams", "adaptive-card.1.5.0.json")
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there", file)
	}
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	must(t, err)
	const name = "http://adaptivecards.io/schemas/adaptive-card.json"
	c := jsonschema.NewCompiler()
	must(t, c.AddResource(name, doc))
	schema, err := c.Compile(name)
	must(t, err)
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	must(t, err)
	checked := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		must(t, err)
		var golden struct {
			Cards []struct{ Card json.RawMessage }
			Card  json.RawMessage
		}
		must(t, json.Unmarshal(raw, &golden))
		cards := []json.RawMessage{golden.Card}
		for _, c := range golden.Cards {
			cards = append(cards, c.Card)
		}
		for _, card := range cards {
			var v map[string]any
			if json.Unmarshal(card, &v) != nil {
				continue
			}
			delete(v, "msteams")
			checked++
			if err := schema.Validate(v); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if checked < len(files) {
		t.Errorf("%d cards in %d files", checked, len(files))
	}
}
