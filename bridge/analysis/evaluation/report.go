package evaluation

import "time"

// Report says how well an analyzer answered the messages of a set, compared with what people labelled them with.
type Report struct {
	Analyzer   string         `json:"analyzer"` // as the command names it
	Set        string         `json:"set"`
	By         map[string]int `json:"by"` // how many answers each rule set or model gave
	Messages   int            `json:"messages"`
	Failed     int            `json:"failed"`   // no answer
	Degraded   int            `json:"degraded"` // answers found without the model that was asked
	Language   Field          `json:"language"`
	Sentiment  Field          `json:"sentiment"`
	Urgency    Field          `json:"urgency"`
	Reasons    Reasons        `json:"reasons"`
	Intents    Field          `json:"intents"`
	MainIntent Ratio          `json:"main_intent"` // share whose first intent is among the labelled ones; of those labelled with any
	References Field          `json:"references"`
	Confusion  Confusion      `json:"confusion"` // of sentiments
	Languages  []Group        `json:"by_language"`
	Difficult  []Group        `json:"by_difficulty"`
	Speed      Speed          `json:"speed"`
	Usage      *Usage         `json:"usage,omitempty"`
	Cost       *float64       `json:"cost,omitempty"`     // of all messages, in the currency of Price
	Majority   *Figures       `json:"majority,omitempty"` // what always the most frequent label reaches
}

// Field is how well one field was answered.
type Field struct {
	Exact   Ratio   `json:"exact"`    // share of messages whose answer is the label
	Macro   Ratio   `json:"macro_f1"` // mean of the classes' F1
	Micro   Ratio   `json:"micro_f1"` // F1 of all classes together
	Low     Ratio   `json:"low"`      // bounds of 95 % for the figure that Figures has of the field
	High    Ratio   `json:"high"`
	Classes []Class `json:"classes"`
}

// Class is how well one value of a field was found.
type Class struct {
	Name      string `json:"name"`
	Labelled  int    `json:"labelled"`
	Answered  int    `json:"answered"`
	Precision Ratio  `json:"precision"` // of those answered, how many are labelled so
	Recall    Ratio  `json:"recall"`    // of those labelled, how many were found
	F1        Ratio  `json:"f1"`
}

// Reasons is how often the reason of urgency is what the customer said.
type Reasons struct {
	Urgent  int   `json:"urgent"`  // answers that say urgent
	Literal Ratio `json:"literal"` // share of them whose reason is a part of the text, and short enough
	Meet    Ratio `json:"meet"`    // of those labelled with a reason, share whose reason has words in common with it
}

// Confusion says how often a class, a row, was answered as which, a column. The last column isn't an answer.
type Confusion struct {
	Rows    []string `json:"rows"`
	Columns []string `json:"columns"`
	Counts  [][]int  `json:"counts"`
}

// Figures are the one figure by which each field is judged.
type Figures struct {
	Language   Ratio `json:"language"`   // exact
	Sentiment  Ratio `json:"sentiment"`  // macro-F1
	Urgency    Ratio `json:"urgency"`    // F1
	Intents    Ratio `json:"intents"`    // macro-F1
	References Ratio `json:"references"` // F1 of kind and value together
}

// Group is the messages of a language, or with a difficulty. Their intents are judged by micro-F1: of most
// intents a group has few messages or none.
type Group struct {
	Name     string `json:"name"`
	Messages int    `json:"messages"`
	Figures
}

// Speed is how long answers took. CPU is of this process, for all that it did meanwhile.
type Speed struct {
	Median time.Duration `json:"median_ns"`
	P95    time.Duration `json:"p95_ns"`
	CPU    time.Duration `json:"cpu_ns_per_message"`
}

// Price is what a model costs for a million tokens.
type Price struct{ Prompt, Answer float64 }

// costOf returns what a usage costs.
func (p Price) costOf(u Usage) float64 {
	return (p.Prompt*float64(u.PromptTokens) + p.Answer*float64(u.AnswerTokens)) / 1e6
}
