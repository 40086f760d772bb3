package setup

import (
	"parley/bridge"
	"parley/channels"
)

// ParleyfileTemplate is one entry of the templates section in parley.yaml. A template is a prepared text with variables. Some
// channels, such as WhatsApp, only allow a template as the first message of a conversation. For example:
//
//	templates:
//	  - name: order update
//	    language: en
//	    accounts: [support-whatsapp]
//	    types: [start]
//	    body: "Your order {{number}} is on its way."
//	    examples:
//	      number: "4711"
//
// A key that is missing from the entry leaves the stored value unchanged. An empty value clears it. That is why most
// fields are nil if the key is missing or its value is invalid.
type ParleyfileTemplate struct {
	Name     string
	Language string
	Accounts []Text // the accounts that may send the template; each has its own copy

	Texts    map[string]*Text // by the keys of templateTextKeys
	Types    *List            // what the template may be used for, such as bridge.TemplateStart
	Labels   *List
	Buttons  *[]bridge.TemplateButton
	Examples []ParleyfileField // sample values, by the variable's name in Field.Path

	At        Position            // where the entry begins
	Positions map[string]Position // where each key of the entry is
}

// templateTextKeys returns the keys of a template's single texts.
func templateTextKeys() []string {
	return []string{"provider_name", "category", "header", "body", "footer"}
}

// readTemplate reads and checks the entry of a template. It adds what is wrong with the entry to the faults that o
// collects for the whole file. ok is false if the entry has no name, language or account, which identify the template.
func readTemplate(o *object) (entry ParleyfileTemplate, ok bool) {
	entry.At, entry.Positions = o.At, o.Positions
	entry.Name = o.readName("name", "Colleagues know a template by its name: order update.")
	if entry.Name != "" {
		o.Where = "template " + entry.Name // faults found from here on name the template
	}

	entry.Language = o.readName("language", "Write it like en or en_US.")
	entry.Accounts = readTemplateAccounts(o)
	entry.Texts = readTemplateTexts(o)
	entry.Types = readTemplateTypes(o)
	entry.Labels = o.List("labels")
	entry.Buttons = readTemplateButtons(o)
	entry.Examples = readTemplateExamples(o)
	o.Done() // adds a fault for each key that was not read

	isIdentified := entry.Name != "" && entry.Language != "" && len(entry.Accounts) > 0
	return entry, isIdentified
}

// readTemplateAccounts reads the required list of accounts. It adds a fault if the list is missing or empty.
func readTemplateAccounts(o *object) []Text {
	const hint = "Name the accounts that may send it."
	accounts := o.List("accounts")
	if accounts == nil {
		isMissing := o.Values["accounts"] == nil // otherwise List has reported what is wrong with the value
		if isMissing {
			o.Fault(o.At, "accounts", "are missing", hint)
		}
		return nil
	}
	if len(accounts.Items) == 0 {
		o.Fault(accounts.At, "accounts", "are none", hint)
	}
	return accounts.Items
}

// readTemplateTexts reads the plain texts of a template, and checks its category.
func readTemplateTexts(o *object) map[string]*Text {
	texts := map[string]*Text{}
	for _, key := range templateTextKeys() {
		texts[key] = o.Text(key)
	}
	if category := texts["category"]; category != nil {
		o.checkOneOf(*category, "category", channels.TemplateCategories()...)
	}
	return texts
}

// readTemplateTypes reads what a template may be used for. It returns nil if the key is missing or faulty.
func readTemplateTypes(o *object) *List {
	types := o.List("types")
	if types == nil {
		return nil
	}
	for _, t := range types.Items {
		o.checkOneOf(t, "types", bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow)
	}
	return types
}

// readTemplateButtons reads the buttons below a template. It returns nil if the key is missing or faulty.
func readTemplateButtons(o *object) *[]bridge.TemplateButton {
	entries, ok := o.readObjects("buttons", o.Label("button"))
	if !ok {
		return nil
	}

	buttons := []bridge.TemplateButton{}
	for _, entry := range entries {
		button := bridge.TemplateButton{}
		if title := entry.Text("title"); title != nil {
			button.Title = title.Value
		}
		if url := entry.Text("url"); url != nil {
			button.URL = url.Value
		}
		entry.Done()
		buttons = append(buttons, button)
	}
	return &buttons
}

// readTemplateExamples reads the sample values of a template's variables. It returns nil if the key is missing or
// faulty, and an empty list if the file clears them.
func readTemplateExamples(o *object) []ParleyfileField {
	group := o.group("examples")
	if group == nil {
		return nil
	}

	examples := []ParleyfileField{}
	for _, variable := range group.Names {
		value := group.Text(variable)
		if value == nil {
			continue
		}
		examples = append(examples, ParleyfileField{Path: variable, At: group.Positions[variable], One: value})
	}
	return examples
}
