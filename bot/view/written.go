package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/analysis"
)

// Agents can ask Parley for a text, such as a summary or a translation, which an AI model or a set of rules then writes.
// This file renders such a text as a quotation, below a line in small print that says what it is and who wrote it:
//
//	🤖 Summary in English, for Ann · by gpt-4o-mini, not checked by anybody
//	| Eve asked for the state of her order twice.
//
// The post mentions nobody, so it notifies nobody.

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

// writtenTitle says what the text is.
func writtenTitle(c *bridge.WrittenLine) string {
	language := ""
	if c.Language != "" && !isWithoutModel(c) {
		language = " in " + analysis.LanguageName(c.Language)
	}

	switch c.Task {
	case analysis.Explain:
		return "“" + shape.OneLine(c.Question, shape.MaxSubjectRunes) + "”"
	case analysis.Rephrase:
		return "Made " + shape.OneLine(shape.Or(c.Style, "another way"), shape.MaxNameRunes)
	case analysis.Translate:
		return translationTitle(c, language)
	default:
		return summaryTitle(c, language)
	}
}

func translationTitle(c *bridge.WrittenLine, language string) string {
	switch {
	case language == "":
		return "In the customer's language"
	case c.ForCustomer:
		return "Your text," + language
	default:
		return "What the customer wrote," + language
	}
}

// summaryTitle distinguishes the summaries that are written by themselves, when a conversation is handed over or resolved.
func summaryTitle(c *bridge.WrittenLine, language string) string {
	switch c.Occasion {
	case "hand_over":
		return "What it is about"
	case "resolve":
		return "What it was about"
	default:
		return "Summary" + language
	}
}

// isWithoutModel reports whether rules made the text from sentences of the messages. Such a text is in the language of the
// messages, whatever language was asked for.
func isWithoutModel(c *bridge.WrittenLine) bool { return c.Degraded || c.WrittenBy == "offline" }

// writerWords says who wrote a text: a model, or rules. Degraded means that rules stood in for a model that failed.
func writerWords(c *bridge.WrittenLine) string {
	if !isWithoutModel(c) {
		return "by " + shape.OneLine(c.WrittenBy, shape.MaxNameRunes) + ", not checked by anybody"
	}

	source := "taken from the messages"
	isOtherLanguage := c.Language != "" && c.Language != "en"
	switch {
	case c.Task == analysis.Summarise && isOtherLanguage:
		source += ", in their own words (" + analysis.LanguageName(c.Language) + " needs a model)"
	case !c.Degraded:
		source += ", without a model"
	}
	if c.Degraded {
		return "the model gave no answer: " + source
	}
	return source
}

// writtenButtons offers to send a text that was made from the agent's own draft. The button opens a form with the text.
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
