package evaluation

import "time"

// Report is the result of an evaluation: how often an analyzer's answers agree with the labels that people gave the
// messages of a set.
type Report struct {
	Analyzer   string         `json:"analyzer"` // its name in the command line
	Set        string         `json:"set"`
	By         map[string]int `json:"by"` // number of answers by analysis.Answer.By
	Messages   int            `json:"messages"`
	Failed     int            `json:"failed"`   // messages without an answer
	Degraded   int            `json:"degraded"` // answers for which a model failed, see analysis.Answer
	Language   Field          `json:"language"`
	Sentiment  Field          `json:"sentiment"`
	Urgency    Field          `json:"urgency"`
	Reasons    Reasons        `json:"reasons"`
	Intents    Field          `json:"intents"`
	MainIntent Ratio          `json:"main_intent"` // share of messages with labelled intents whose first answered intent is one of these
	References Field          `json:"references"`
	Confusion  Confusion      `json:"confusion"` // of sentiments
	Languages  []Group        `json:"by_language"`
	Difficult  []Group        `json:"by_difficulty"`
	Speed      Speed          `json:"speed"`
	Usage      *Usage         `json:"usage,omitempty"`
	Cost       *float64       `json:"cost,omitempty"`     // of all messages, in the currency of Price
	Majority   *Figures       `json:"majority,omitempty"` // of the baseline that always gives the most frequent labels
}

// Field is the quality of one field of the answers, such as the language.
type Field struct {
	Exact   Ratio   `json:"exact"`    // share of messages whose answer equals the label
	Macro   Ratio   `json:"macro_f1"` // mean of the classes' F1
	Micro   Ratio   `json:"micro_f1"` // F1 of all classes together
	Low     Ratio   `json:"low"`      // 95 % confidence interval of the figure in Figures
	High    Ratio   `json:"high"`
	Classes []Class `json:"classes"`
}

// Class is the quality of one value of a field, such as the language "en".
type Class struct {
	Name      string `json:"name"`
	Labelled  int    `json:"labelled"`  // messages with this label
	Answered  int    `json:"answered"`  // messages with this answer
	Precision Ratio  `json:"precision"` // share of Answered that is right
	Recall    Ratio  `json:"recall"`    // share of Labelled that was answered so
	F1        Ratio  `json:"f1"`        // harmonic mean of precision and recall
}

// Reasons is the quality of the reasons that answers give for urgency.
type Reasons struct {
	Urgent      int   `json:"urgent"`  // number of answers that say urgent
	Literal     Ratio `json:"literal"` // share of Urgent whose reason is a quotation of valid length
	Overlapping Ratio `json:"meet"`    // share of those labelled with a reason that has a word in common with the label
}

// Confusion is a matrix: Counts[i][j] messages with the label Rows[i] were answered as Columns[j]. The last column counts
// messages without a valid answer.
type Confusion struct {
	Rows    []string `json:"rows"`
	Columns []string `json:"columns"`
	Counts  [][]int  `json:"counts"`
}

// Figures has the main figure of each field.
type Figures struct {
	Language   Ratio `json:"language"`   // exact
	Sentiment  Ratio `json:"sentiment"`  // macro-F1
	Urgency    Ratio `json:"urgency"`    // F1
	Intents    Ratio `json:"intents"`    // macro-F1
	References Ratio `json:"references"` // F1 of kind and value together
}

// Group has the figures of the messages of one language or with one difficulty. The figure of their intents is micro-F1,
// because a group has few or no messages with most intents.
type Group struct {
	Name     string `json:"name"`
	Messages int    `json:"messages"`
	Figures
}

// Speed is the time that answers took.
type Speed struct {
	Median time.Duration `json:"median_ns"`
	P95    time.Duration `json:"p95_ns"`
	CPU    time.Duration `json:"cpu_ns_per_message"` // CPU time of the whole process during the run
}

// Price is the price of a million tokens, in any currency.
type Price struct{ Prompt, Answer float64 }

func (p Price) costOf(u Usage) float64 {
	return (p.Prompt*float64(u.PromptTokens) + p.Answer*float64(u.AnswerTokens)) / 1e6
}
