package whatsapp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels"
	"parley/channels/graphfake"
)

// The tests of this file compare what we send, and what the emulator sends, with Meta's own description of the API, which is
// too large to be kept here: PARLEY_TESTDATA names a folder with it.

// published is Meta's description of the API, an OpenAPI document.
type published map[string]any

// at returns the object under these names, each in the one before; nil if there is none.
func at(v any, path ...string) map[string]any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	m, _ := v.(map[string]any)
	return m
}

// readPublished reads the description that PARLEY_TESTDATA holds.
func readPublished(t *testing.T) published {
	t.Helper()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: Meta's description of the API is not here")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "whatsapp", "business-messaging-api_v23.0.yaml"))
	noError(t, err)
	var p published
	noError(t, yaml.Unmarshal(raw, &p))
	return p
}

// schemas returns a function that compiles a schema of the description. Its known gaps are filled: a message is described
// as two parts of which each forbids the other, and recipient (instead of to) and biz_opaque_callback_data are missing.
func (p published) schemas(t *testing.T) func(name string) *jsonschema.Schema {
	t.Helper()
	all := at(map[string]any(p), "components", "schemas")
	base := at(all, "BaseMessageProperties")
	base["required"] = []any{"messaging_product", "recipient_type", "type"}
	props := at(base, "properties")
	props["recipient"] = map[string]any{"type": "string", "pattern": `^[A-Z]{2}\.`}
	props["biz_opaque_callback_data"] = map[string]any{"type": "string", "maxLength": 512}

	patched := 0
	for name, schema := range all {
		parts, _ := at(schema)["allOf"].([]any)
		if !strings.HasSuffix(name, "Message") || len(parts) != 2 {
			continue
		}
		own := at(at(parts[1]), "properties")
		for key, v := range props {
			if _, has := own[key]; !has && own != nil {
				own[key] = v
			}
		}
		patched++
	}

	const minMessages = 10 // otherwise the description has another form than we think
	if patched < minMessages {
		t.Fatalf("%d kinds of messages are described, want at least %d", patched, minMessages)
	}

	raw, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": all}})
	noError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	noError(t, err)
	compiler := jsonschema.NewCompiler()
	noError(t, compiler.AddResource("meta.json", doc))
	return func(name string) *jsonschema.Schema {
		t.Helper()
		s, err := compiler.Compile("meta.json#/components/schemas/" + name)
		noError(t, err)
		return s
	}
}

// checkFits checks that a document is as a schema says.
func checkFits(t *testing.T, s *jsonschema.Schema, document []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s\n%v", document, err)
	}
}

// schemaOf is the name of the schema for a type of message.
func schemaOf(messageType string) string {
	return map[string]string{
		"text":        "TextMessage",
		"image":       "ImageMessage",
		"video":       "VideoMessage",
		"audio":       "AudioMessage",
		"location":    "LocationMessage",
		"contacts":    "ContactsMessage",
		"interactive": "InteractiveMessage",
		"template":    "TemplateMessage",
	}[messageType]
}

// The schemas refuse a wrong message. If they took everything, the tests below would show nothing.
func TestPublishedSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := readPublished(t).schemas(t)("TextMessage")
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(
		`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+49","type":"text","text":{"words":"x"}}`))
	noError(t, err)
	if err := schema.Validate(v); err == nil {
		t.Error("a text without a body fits the schema, want an error")
	}
}

// sendEveryKind lets a customer write, and us answer with every kind of message.
func (w *world) sendEveryKind() {
	w.t.Helper()
	last := w.ann.Text("Hello")
	w.ann.React(last, "👍")
	w.ann.Location(1, 2, "Shop", "Main St")
	w.ann.Contact("Bob", "+491701112223")
	w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("x")}, map[string]any{"caption": "look"})
	w.takeFacts()
	w.addBackTemplate()

	x := []byte("x")
	for i, change := range []func(*channels.Outbound){
		func(*channels.Outbound) {},
		func(o *channels.Outbound) { o.ReplyTo = last },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.jpg", "image/jpeg", x)} },
		func(o *channels.Outbound) { o.Files = []channels.File{file("a.mp4", "video/mp4", x)} },
		func(o *channels.Outbound) { o.Text, o.Files = "", []channels.File{file("a.ogg", "audio/ogg", x)} },
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{ID: "y", Title: "Yes"}}}
		},
		func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Buttons: []channels.Button{{Title: "Shop", URL: "https://acme.test"}}}
		},
		func(o *channels.Outbound) {
			rows := []channels.ListRow{{ID: "a", Title: "A"}}
			o.Rich = &channels.Rich{List: &channels.List{Button: "Pick", Sections: []channels.ListSection{{Title: "S", Rows: rows}}}}
		},
		func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Location: &channels.Location{Latitude: 1.25, Name: "Shop"}}
		},
		func(o *channels.Outbound) {
			card := channels.ContactCard{Name: "Kim Poe", Org: "Acme", Phones: []string{"+15550100"}, Emails: []string{"k@acme.test"}}
			o.Text, o.Rich = "", &channels.Rich{Contact: &card}
		},
		func(o *channels.Outbound) { o.Template = backTemplate() },
	} {

		o := outbound(int64(i+1), "Hi *there*")
		change(&o)
		w.sendAll(o)
	}
	w.ann.Read()
	w.takeFacts()
}

// Our requests and the emulator's answers fit Meta's description.
func TestPublishedRequests(t *testing.T) {
	t.Parallel()
	schema := readPublished(t).schemas(t)
	w := newWorld(t)
	w.sendEveryKind()
	for _, r := range w.RequestsTo("whatsapp.messages") {
		var m struct{ Type string }
		noError(t, json.Unmarshal(r.Body, &m))
		isLinkButton := bytes.Contains(r.Body, []byte(`"cta_url"`))
		if isLinkButton {
			continue // documented in words only
		}
		checkFits(t, schema(schemaOf(m.Type)), r.Body)
		checkFits(t, schema("MessageResponsePayload"), r.Answer)
	}
}

// The statuses that the emulator sends by webhook fit Meta's description.
func TestPublishedStatuses(t *testing.T) {
	t.Parallel()
	schema := readPublished(t).schemas(t)("WebhookPayload")
	w := newWorld(t)
	w.sendEveryKind()
	statuses := 0
	for _, d := range w.Deliveries() {
		// Customers' messages are described with the schema of outgoing ones, which forbids their id, from and timestamp: not even
		// Meta's examples of them fit.
		if bytes.Contains(d.Body, []byte(`"messages":[`)) {
			continue
		}
		statuses++
		checkFits(t, schema, d.Body)
	}
	if statuses == 0 {
		t.Error("no status came")
	}
}

// The emulator's history of messages fits Meta's description.
func TestPublishedHistory(t *testing.T) {
	t.Parallel()
	schema := readPublished(t).schemas(t)("MessageHistoryResponse")
	w := newWorld(t)
	w.sendEveryKind()
	var history any
	noError(t, w.channel.graph.Call(testContext(t), http.MethodGet, phoneID+"/message_history", nil, nil, &history))
	checkFits(t, schema, []byte(jsonOf(history)))
}

// decodedExample is what one of Meta's examples becomes.
type decodedExample struct {
	kind     channels.InboundKind // "" if it means nothing to us
	text     string               // the emoji of a reaction
	previous string               // the customer's key before a change
	key      string               // the customer's key
	name     string               // the customer's name
	notices  string               // joined by blanks
	files    string               // their names, joined by blanks
}

// decodeExample decodes one of Meta's examples, which means one thing or nothing.
func decodeExample(t *testing.T, body []byte) decodedExample {
	t.Helper()
	list := decodeHook(t, body)
	if len(list) == 0 {
		return decodedExample{}
	}
	if len(list) > 1 {
		t.Fatalf("decoded as %+v, want one thing", list)
	}
	in := list[0]
	var files []string
	for _, a := range in.Attachments {
		files = append(files, a.Name)
	}
	return decodedExample{
		kind:     in.Kind,
		text:     in.Text + in.Change.Emoji,
		previous: in.Change.Previous.Key,
		key:      in.From.Key,
		name:     in.From.Name,
		notices:  strings.Join(in.Notices, " "),
		files:    strings.Join(files, " "),
	}
}

// fromSheena adds the sender of Meta's examples, Sheena Nelson, to a wanted message.
func fromSheena(want decodedExample) decodedExample {
	if want.kind == "" {
		want.kind = channels.InboundMessage
	}
	want.key, want.name = "+16505551234", "Sheena Nelson"
	return want
}

// wantExamples is what each of Meta's examples says, by its name there.
func wantExamples() map[string]decodedExample {
	return map[string]decodedExample{
		"Text Message": fromSheena(decodedExample{text: "Does it come in another color?"}),
		"Text Message with Context (Product Inquiry)": fromSheena(decodedExample{
			text:    "Is this still available?",
			notices: "Asked about product di9ozbzfi4 of catalogue 194836987003835.",
		}),
		"Text Message from Click to WhatsApp Ad": fromSheena(decodedExample{
			text:    "Hello! Can I get more info on this?",
			notices: "Came from this ad: Chat with us · Summer Succulents are here! · https://fb.me/3cr4Wqqkv",
		}),
		"Reaction Message": {kind: channels.InboundReaction, text: "👍", key: "+16505551234", name: "Sheena Nelson"},
		"Image Message":    fromSheena(decodedExample{text: "Taj Mahal", files: "image.jpg"}),
		"Location Message": fromSheena(decodedExample{text: `**Philz Coffee**
101 Forest Ave, Palo Alto, CA 94301
📍 [37.44221496582,-122.16165924072](https://www.google.com/maps?q=37.44221496582,-122.16165924072)
https://philzcoffee.com/`}),
		"Contact Sharing Message": fromSheena(decodedExample{
			text:  "👤 **Lucía Gómez**\nGoogle\n+1 (983) 555-2319",
			files: "Lucía Gómez.vcf",
		}),
		"Unsupported Message": fromSheena(decodedExample{
			notices: unshownNotice("") + " WhatsApp says: Message type is currently not supported.",
		}),
		"Button Message":                   fromSheena(decodedExample{text: "Unsubscribe"}),
		"Interactive List Reply Message":   fromSheena(decodedExample{text: "Priority Mail Express\nNext Day to 2 Days"}),
		"Interactive Button Reply Message": fromSheena(decodedExample{text: "Cancel"}),
		"Order Message": fromSheena(decodedExample{text: `**Order**
- 2 × di9ozbzfi4: 30 USD each
- 1 × nqryix03ez: 25 USD each

Total: 85 USD`}),
		"System Message": {kind: channels.InboundIdentity, previous: "+16505551234", key: "+12195555358"},

		// Parley has no groups.
		"Group Create Message":      {},
		"Group Settings Update":     {},
		"Group Remove Participants": {},
	}
}

// Each of Meta's examples of webhooks is decoded as wantExamples says.
func TestPublishedWebhooks(t *testing.T) {
	t.Parallel()
	request := at(map[string]any(readPublished(t)), "paths", "/whatsapp/webhooks", "post", "requestBody")
	examples := at(request, "content", "application/json", "examples")
	wanted := wantExamples()
	if len(examples) != len(wanted) {
		t.Errorf("Meta describes %d examples, want the %d that we know", len(examples), len(wanted))
	}
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			got := decodeExample(t, []byte(jsonOf(at(example)["value"])))
			if got.kind == channels.InboundIdentity {
				got.text, got.name = "", "" // words about the change, which are not compared
			}
			wantEqual(t, "decoded example", got, wanted[name])
		})
	}
}
