package graphfake

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// publishedExamples returns the example requests of a call in Meta's description of the API, by their titles. The
// description is too large to be kept here, so PARLEY_TESTDATA names a folder with it.
func publishedExamples(t *testing.T, method, path string) map[string]string {
	t.Helper()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: Meta's description of the API is not here")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "whatsapp", "business-messaging-api_v23.0.yaml"))
	noError(t, err)

	var description struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	noError(t, yaml.Unmarshal(raw, &description))
	call, err := json.Marshal(description.Paths[path][method])
	noError(t, err)
	var parts struct {
		RequestBody struct {
			Content map[string]struct {
				Examples map[string]struct{ Value json.RawMessage }
			}
		}
	}
	noError(t, json.Unmarshal(call, &parts))

	examples := map[string]string{}
	for title, example := range parts.RequestBody.Content["application/json"].Examples {
		examples[title] = string(example.Value)
	}
	if len(examples) == 0 {
		t.Fatalf("%s %s has no examples, want some", method, path)
	}
	return examples
}

// placeholder matches a word of Meta's examples that readers replace, such as <TEMPLATE_NAME> or {{Flow-ID}}.
var placeholder = regexp.MustCompile(`\\u003c[^"]*?\\u003e|\{\{[A-Z][A-Za-z-]+\}\}`)

// The fake understands every message that Meta shows as an example. It refuses one only because its template or file
// doesn't exist. Shops, payments and flows aren't part of the fake.
func TestPublishedMessagesAreUnderstood(t *testing.T) {
	t.Parallel()
	missing := []int{131009, 132001} // no such file, no such template
	foreign := regexp.MustCompile(`"type":"(catalog_message|product|product_list|flow|order_details|order_status)"`)
	messageID := regexp.MustCompile(`wamid\.[A-Za-z0-9=]+`)
	const typeless = "Send Reply to List Message" // Meta forgot its type

	m := newMeta(t)
	asked := m.ann.Text("Hello")
	for title, body := range publishedExamples(t, "post", "/{Version}/{Phone-Number-ID}/messages") {
		t.Run(title, func(t *testing.T) {
			if foreign.MatchString(body) || title == typeless {
				t.Skip("no part of the emulator")
			}
			body := strings.ReplaceAll(body, "{{Recipient-Phone-Number}}", "491701234567")
			body = messageID.ReplaceAllString(placeholder.ReplaceAllString(body, "example"), asked)
			code := m.postMessage(body)
			if code != 0 && !slices.Contains(missing, code) {
				t.Errorf("%s\ngot the code %d, want none", body, code)
			}
		})
	}
}
