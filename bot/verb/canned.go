package verb

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// Canned replies are texts with which agents begin a reply. "!c", "!c delay" and "\delay" lead to the form of a reply with the text; the
// form also has a field that inserts one. Agents read and edit it there: nothing is sent without the form.

func cannedVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbCanned,
		Typed: TypedLine{Words: []string{"c"}, Syntax: "!c [WORDS]", Rest: RestNote},
		Help: Help{
			Sentence: "Opens a reply that begins with a canned reply, found by its keyword or by words. Typed alone, \\KEYWORD does the same.",
			Examples: []string{"!c", "!c delay", "\\delay"},
		},
		Slash:  true,
		Button: Button{Label: "Canned reply"},
		Form:   Form{Ask: askCanned, Read: readReply, Lists: []List{Answerables}, Answering: true},
		Done: func(l bridge.Line, _ bridge.Facts) string {
			if find := findCanned(l.Args); find != "" {
				return "Open the reply with what fits “" + shape.OneLine(find, shape.MaxNameRunes) + "”, read it, then send it."
			}
			return "Choose a canned reply, if there is one, read it, then send it."
		},
	}
}

func cannedListVerb() *Verb {
	return &Verb{
		Name:     bridge.VerbCannedList,
		Reads:    true,
		Typed:    TypedLine{Words: []string{"canned"}, AskIfAlone: true, Syntax: "!canned"},
		Help:     Help{Sentence: "Lists the canned replies by topic. You add, change and delete your own there.", Examples: []string{"!canned"}},
		Slash:    true,
		Anywhere: true,
	}
}

func cannedEditVerb() *Verb {
	return &Verb{
		Name:     bridge.VerbCannedEdit,
		Typed:    TypedLine{Words: []string{"cannededit"}, Syntax: "!cannededit"},
		Help:     Help{Hidden: true, Sentence: "Adds or changes a canned reply of one's own.", Examples: []string{"!cannededit"}},
		Anywhere: true,
		Button:   Button{Unlisted: "Edit"},
		Form: Form{
			Ask:    askCannedEdit,
			Read:   readCannedEdit,
			Lists:  []List{CannedReplies},
			Needed: func(args bridge.Args) bool { return !args.Remove && (args.Canned == nil || args.Canned.New == "") },
		},
	}
}

// CannedButtons returns the buttons that edit and delete a canned reply of the agent's own.
func CannedButtons(c bridge.Canned) []shape.Button {
	args := bridge.Args{Canned: &bridge.CannedArgs{Keyword: c.Keyword}}
	edit := NewButton(bridge.VerbCannedEdit, args)
	args.Remove = true
	drop := NewButton(bridge.VerbCannedEdit, args)
	drop.Label, drop.Style, drop.Confirm = "Delete", shape.StyleDanger, "Delete this canned reply?"
	return []shape.Button{edit, drop}
}

// findCanned returns the words or the keyword by which the form of a reply finds a canned reply.
func findCanned(args bridge.Args) string {
	if args.Canned != nil && args.Canned.Find != "" {
		return args.Canned.Find
	}
	return strings.TrimSpace(args.Note)
}

// askCanned fills in the form of a reply.
func askCanned(form *shape.Form, in shape.FormInput) error {
	form.Verb, form.Args.Note = bridge.VerbReply, ""
	return askReply(form, in)
}

// WithCanned returns the text with which the form of a reply begins: what was typed, followed by the canned reply that was asked for. If
// the text so far is the unchanged canned reply before, the new one replaces it. It also says which canned reply that is, or -1.
func WithCanned(in shape.FormInput) (text string, index int) {
	find := findCanned(in.Args)
	if find == "" || in.Args.Rich != "" {
		return in.Text, -1
	}
	index = slices.IndexFunc(in.Canned, func(c bridge.Canned) bool { return strings.EqualFold(c.Keyword, find) })
	if found := matchingCanned(in.Canned, find); index < 0 && len(found) == 1 {
		index = slices.Index(in.Canned, found[0])
	}
	if index < 0 {
		return in.Text, -1
	}

	text = in.Canned[index].Text
	isCanned := slices.ContainsFunc(in.Canned, func(c bridge.Canned) bool { return hasSameWords(in.Text, c.Text) })
	if strings.TrimSpace(in.Text) != "" && !isCanned {
		text = strings.TrimSpace(in.Text) + "\n\n" + text
	}
	if utf8.RuneCountInString(text) > maxTextRunes {
		return in.Text, -1
	}
	return text, index
}

// matchingCanned returns the canned replies that have all words, whatever their case.
func matchingCanned(list []bridge.Canned, find string) []bridge.Canned {
	return slices.DeleteFunc(slices.Clone(list), func(c bridge.Canned) bool {
		text := strings.ToLower(c.Keyword + " " + c.Topic + " " + c.Text)
		return slices.ContainsFunc(strings.Fields(strings.ToLower(find)), func(word string) bool { return !strings.Contains(text, word) })
	})
}

const fieldCanned = "canned"

// cannedFields inserts the canned reply that was asked for, and returns a field that inserts another one, or nil if there is none.
func cannedFields(form *shape.Form, in *shape.FormInput) []shape.Field {
	find := findCanned(in.Args)
	text, index := WithCanned(*in)
	args := bridge.CannedArgs{}
	if in.Args.Canned != nil {
		args = *in.Args.Canned
	}
	shown := in.Canned
	switch {
	case index >= 0:
		in.Text = text
		args.Find, args.Keyword = "", in.Canned[index].Keyword
	case find != "":
		args.Find = find
		if shown = matchingCanned(in.Canned, find); len(shown) == 0 {
			args.Find, shown = "", in.Canned
			form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("No canned reply has “"+shape.OneLine(find, shape.MaxNameRunes)+"”.")))
		}
	}
	form.Args.Canned = nil
	if args != (bridge.CannedArgs{}) {
		form.Args.Canned = &args
	}
	if missing := bridge.Unfilled(in.Text); args.Keyword != "" && len(missing) > 0 {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Fill in what is not known: {{"+strings.Join(missing, "}}, {{")+"}}.")))
	}

	field := shape.Field{
		Name:     fieldCanned + fieldStep(form.Args),
		Kind:     shape.FieldOne,
		Label:    "Insert a canned reply",
		Hint:     "It is shown first, not sent. What you typed stays.",
		Optional: true,
	}
	for _, c := range shown {
		if c.Keyword != args.Keyword {
			field.Options = append(field.Options, shape.Option{Value: c.Keyword, Label: CannedLabel(c)})
		}
	}
	if len(field.Options) == 0 {
		return nil
	}
	return []shape.Field{field}
}

// CannedLabel describes a canned reply in a choice: its topic, its keyword and the beginning of its text.
func CannedLabel(c bridge.Canned) string {
	label := c.Keyword + shape.Between + c.Text
	if c.Topic != "" {
		label = c.Topic + shape.Between + label
	}
	return shape.OneLine(label, maxChoiceRunes)
}

// readCanned reports whether the agent chose a canned reply, and if so sets out to show the form again.
func readCanned(out *shape.Filled, v Values) bool {
	chosen := v.Text(fieldCanned + fieldStep(out.Args))
	if chosen == "" || out.Args.Rich != "" {
		return false
	}
	args := bridge.CannedArgs{}
	if out.Args.Canned != nil {
		args = *out.Args.Canned
	}
	args.Find = chosen
	args.Step++
	out.Args.Canned, out.Args.Suggestion, out.Next = &args, nil, true
	return true
}

// missingValues says which variables of a canned reply still have no value, or returns "".
func missingValues(args bridge.Args, text string) string {
	if args.Canned == nil || args.Canned.Keyword == "" {
		return ""
	}
	if missing := bridge.Unfilled(text); len(missing) > 0 {
		return "Fill in {{" + strings.Join(missing, "}}, {{") + "}} first, or take it out."
	}
	return ""
}

// askCannedEdit fills in the form for a canned reply of the agent's own, or for a new one.
func askCannedEdit(form *shape.Form, in shape.FormInput) error {
	c := bridge.Canned{Text: in.Text}
	form.Title = "Add a canned reply"
	if in.Args.Canned != nil && in.Args.Canned.Keyword != "" {
		i := slices.IndexFunc(in.Canned, func(c bridge.Canned) bool { return c.Own && c.Keyword == in.Args.Canned.Keyword })
		if i < 0 {
			return &bridge.Problem{Code: "no_canned", Text: "That canned reply was deleted meanwhile."}
		}
		c, form.Title = in.Canned[i], "Edit a canned reply"
	}
	form.Submit = "Save"
	form.Fields = []shape.Field{
		{
			Name: fieldName, Kind: shape.FieldText, Label: "Keyword", Value: textValue(c.Keyword), Example: "delay", MaxRunes: 40,
			Hint: "One word, by which you find it: \\delay",
		},
		{Name: fieldSubject, Kind: shape.FieldText, Label: "Topic", Value: textValue(c.Topic), Example: "Shipping", Optional: true,
			MaxRunes: maxLabelsRunes},
		{
			Name: fieldBody, Kind: shape.FieldLong, Label: "Text", Value: textValue(c.Text), MaxRunes: bridge.MaxCannedRunes,
			Hint: "Filled in by themselves: {{first_name}}, {{name}}, {{email}}, {{agent_name}}, {{company_name}}. Asked for: all others.",
		},
	}
	return nil
}

// readCannedEdit reads the submitted form.
func readCannedEdit(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	args := bridge.CannedArgs{}
	if out.Args.Canned != nil {
		args = *out.Args.Canned
	}
	args.New, args.Topic = strings.TrimPrefix(v.Text(fieldName), "\\"), v.Text(fieldSubject)
	out.Args.Canned, out.Text = &args, v.Text(fieldBody)
	switch {
	case !bridge.IsCannedKeyword(args.New):
		return fieldName, "Write one word of letters, digits, - and _."
	case out.Text == "":
		return fieldBody, "Write the text."
	}
	return "", ""
}

// cannedStep is a part of fieldStep.
func cannedStep(args bridge.Args) string {
	if args.Canned == nil || args.Canned.Step == 0 {
		return ""
	}
	return "c" + strconv.Itoa(args.Canned.Step)
}
