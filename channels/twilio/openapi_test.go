package twilio

import (
	"strconv"

	"parley/channels"
)

// These tests compare the channel's requests and the emulator's answers with Twilio's published descriptions of its APIs.
// They are too large to be kept here, so PARLEY_TESTDATA names a folder with them.

// at follows names from object to object, and returns the last one. It returns nil if there is none.
func at(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// useTemplates submits, sends, lists and deletes a template of each type.
func (w *world) useTemplates() {
	w.t.Helper()
	c := w.channel.(channels.Templater)
	for i, change := range []func(*channels.Template){
		func(*channels.Template) {},
		func(t *channels.Template) { t.Footer = "Acme" },
		func(t *channels.Template) { t.Buttons = []channels.Button{{Title: "Yes"}} },
	} {
		template := sampleTemplate()
		template.Name += strconv.Itoa(i)
		change(&template)
		template.ExternalID = w.submit(template).ExternalID
		o := w.outbound(1, "x")
		o.Template = &channels.TemplateUse{Template: template, Values: map[string]string{"customer_name": "Ann", "order": "1"}}
		w.mustSend(o)
		if _, err := c.ListTemplates(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		noError(w.t, c.DeleteTemplate(w.t.Context(), template))
	}
}
