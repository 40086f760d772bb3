package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/analysis"
)

// A text that a machine wrote is shown as a quotation, below a line in small print that says what it is and who
// wrote it. It mentions nobody.

func writtenLine(l bridge.Line, c *bridge.WrittenLine, _ bridge.Facts) []Block {
	lead := []Piece{shape.Icon("robot_face"), shape.Text(" " + writtenTitle(c))}
	if !shape.IsNobody(l.By) {
		lead = append(lead, shape.Text(", for "+shape.AgentName(l.By)))
	}
	lead = append(lead, shape.Text(shape.Between+writerWords(c)))
	blocks := append([]Block{shape.SmallPrint(lead...)}, shape.Quote(c.Words)...)
	if c.ForCustomer {
		blocks = append(blocks, shape.SmallPrint(shape.Text("Only colleagues see this. The customer gets it if you send it.")))
	}
	return blocks
}

func writtenTitle(c *bridge.WrittenLine) string {
	in := ""
	if c.Language != "" && !isWithoutModel(c) {
		in = " in " + analysis.LanguageName(c.Language)
	}
	if c.Task == analysis.Explain {
		return "“" + shape.OneLine(c.Question, shape.MaxSubjectRunes) + "”"
	}
	if c.Task == analysis.Rephrase {
		return "Made " + shape.OneLine(shape.Or(c.Style, "another way"), shape.MaxNameRunes)
	}
	if c.Task == analysis.Translate && in == "" {
		return "In the customer's language"
	}
	if c.Task == analysis.Translate && !c.ForCustomer {
		return "What the customer wrote," + in
	}
	if c.Task == analysis.Translate {
		return "Your text," + in
	}
	if c.Occasion == "hand_over" {
		return "What it is about"
	}
	if c.Occasion == "resolve" {
		return "What it was about"
	}

	return "Summary" + in
}

// isWithoutModel reports whether a text only repeats words of the messages. It isn't in the language that was asked for then.
func isWithoutModel(c *bridge.WrittenLine) bool { return c.Degraded || c.WrittenBy == "offline" }

// writerWords says who wrote a text.
func writerWords(c *bridge.WrittenLine) string {
	from := "taken from the messages"
	isOtherLanguage := c.Language != "" && c.Language != "en"
	if c.Task == analysis.Summarise && isOtherLanguage {
		from += ", in their own words (" + analysis.LanguageName(c.Language) + " needs a model)"
	} else if !c.Degraded {
		from += ", without a model"
	}

	if c.Degraded {
		return "the model gave no answer: " + from
	}
	if isWithoutModel(c) {
		return from
	}

	return "by " + shape.OneLine(c.WrittenBy, shape.MaxNameRunes) + ", not checked by anybody"
}

// writtenButtons offer to send what was made of an agent's text: the form shows it once more.
func writtenButtons(c *bridge.WrittenLine, args bridge.Args) []Button {
	if !c.ForCustomer {
		return nil
	}
	b, ok := verb.ReplyWith(args.Conversation, c.Words)
	if !ok {
		return nil
	}
	return []Button{b}
}
