package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// askVerb describes "!ask #warehouse Do we have this in red?", which asks somebody other than the customer.
func askVerb() *Verb {
	return &Verb{
		Name: bridge.VerbAsk,
		Typed: TypedLine{
			Words:      []string{"ask"},
			AskIfAlone: true,
			Syntax:     "!ask #CHANNEL, @WHO or ADDRESS QUESTION",
			Rest:       RestAsk,
			Missing:    "Say whom, and what: !ask #warehouse Do we have this in red?",
		},
		Help: Help{
			Sentence: "Asks a channel, a colleague or somebody outside. They read the question and the customer's last message; in the form " +
				"you may leave that out. What they answer comes back as a note.",
			Examples: []string{"!ask #warehouse Do we have this in red?", "!ask @ben Is that covered?", "!ask bob@shop.example When does it come?"},
		},
		Slash:  true,
		Button: Button{Label: "Ask…", Details: true},
		Form: Form{
			Ask:    askAside,
			Read:   readAside,
			Needed: func(args bridge.Args) bool { return args.Whom == "" },
		},
		Shown: askedBlocks,
	}
}

const fieldContext = "context"

func askAside(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Ask", "Ask"
	form.Fields = []shape.Field{
		{Name: fieldTo, Kind: shape.FieldText, Label: "Whom", Example: "#warehouse, @ben or bob@shop.example", Value: textValue(in.Args.Whom),
			MaxRunes: maxAddressRunes},
		{Name: FieldWords, Kind: shape.FieldLong, Label: "Question", Value: textValue(in.Text), MaxRunes: maxTextRunes},
		{
			Name: fieldContext, Kind: shape.FieldOne, Label: "They also read", Value: []string{"last"},
			Hint: "Whoever you ask reads just this, as it was written, but for addresses that Parley knows. The customer doesn't learn of it.",
			Options: []shape.Option{
				{Value: "last", Label: "The customer's last message"},
				{Value: string(bridge.AskWithNothing), Label: "Nothing"},
			},
		},
	}
	return nil
}

func readAside(out *shape.Filled, v Values, with Reading) (field, problem string) {
	out.Args.Whom, out.Text = shape.Unlink(v.Text(fieldTo)), v.Text(FieldWords)
	if out.Args.Context = bridge.AskContext(v.Text(fieldContext)); out.Args.Context == "last" {
		out.Args.Context = bridge.AskWithLast
	}
	switch {
	case !strings.ContainsAny(out.Args.Whom, "#@"):
		return fieldTo, "Name a #channel, a person after @, or a mail address."
	case out.Text == "":
		return FieldWords, "Say what to ask."
	case shape.IsAddress(out.Args.Whom): // it leaves
		out.Text, problem = with.Reply(out.Text)
	}
	return FieldWords, problem
}

// askedBlocks says that somebody was asked, that this failed, or what was answered.
func askedBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	c, ok := l.Content.(*bridge.AskedLine)
	if !ok {
		return nil
	}
	whom := shape.OneLine(c.Whom, shape.MaxNameRunes)
	switch {
	case c.Trouble != "":
		return []shape.Block{shape.Sentence(shape.Icon("warning"), " ", shape.LeadingMentions(l), "Not asked: "+whom+". "+
			shape.OneLine(c.Trouble, maxTextRunes))}
	case c.Answer:
		by := []any{shape.Icon("memo"), " ", shape.LeadingMentions(l)}
		switch {
		case shape.IsNobody(l.By):
			by = append(by, shape.Customer(l, f))
		case l.By.ID == 0:
			by = append(by, shape.Mention(l.By))
		default:
			by = append(by, shape.AgentName(l.By))
		}
		if whom != "" {
			whom = " (asked: " + whom + ")"
		}
		by = append(by, " answered, inside"+whom+":")
		return append(append([]shape.Block{shape.Sentence(by...)}, shape.Quote(l.Text)...), otherBlocks(l)...)
	default:
		asked := shape.Sentence(shape.Icon("memo"), " "+shape.DoerName(l)+" asked "+whom+", inside:")
		return append(append([]shape.Block{asked}, shape.Quote(l.Text)...), otherBlocks(l)...)
	}
}

// otherBlocks links to the other conversation that a line names.
func otherBlocks(l bridge.Line) []shape.Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []shape.Block{shape.SmallPrint(shape.ThreadLink("In "+shape.Number(l.Other.ID), l.Other)...)}
}

// Aside makes the first post of the thread of a question aside. Its readers may not read the conversation.
func Aside(l bridge.Line, c *bridge.AsideLine, f bridge.Facts) []shape.Block {
	about := shape.Number(f.ID)
	if c.Over {
		if l.Other.ID != 0 {
			about = shape.Number(l.Other.ID)
		}
		return []shape.Block{shape.Sentence(shape.Icon("ok"), " "+about+" is done: nobody waits for an answer any more.")}
	}
	blocks := []shape.Block{shape.Sentence(shape.Icon("question"), " ", shape.Bold("Question about "+about)),
		shape.Sentence(shape.DoerName(l) + " asks:")}
	blocks = append(blocks, shape.Quote(l.Text)...)
	for _, said := range c.Said {
		blocks = append(blocks, shape.SmallPrint(shape.Text("The customer wrote, "), shape.At(said.At, f.Zone), shape.Text(":")))
		blocks = append(blocks, shape.Quote(said.Words)...)
	}
	return append(blocks, shape.SmallPrint(shape.Text("Reply to this message. What you write becomes a note; the customer never gets it.")))
}

// Asked says whom somebody has asked aside without an answer yet, and since when.
func Asked(f bridge.Facts) (groups [][]shape.Piece) {
	for _, a := range bridge.AsidesOf(f.Traits) {
		if !a.Answered {
			groups = append(groups, []shape.Piece{shape.Text("Asked " + shape.OneLine(a.Whom, shape.MaxNameRunes) + " "), shape.At(a.At, f.Zone)})
		}
	}
	return groups
}
