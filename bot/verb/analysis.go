package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func analysisVerb() *Verb {
	return &Verb{
		Name: bridge.VerbAnalysis,
		Typed: TypedLine{
			Words:      []string{"analysis"},
			AskIfAlone: true,
			Syntax:     "!analysis off|on",
			Rest:       RestNote,
			Missing:    "Say off or on: !analysis off",
		},
		Help: Help{
			Sentence: "Says whether it is analysed, and sent to a model if there is one.",
			Examples: []string{"!analysis off", "!analysis on"},
		},
		Slash:  true,
		Button: Button{Unlisted: "Analysis"},
		Done:   confirmAnalysis,
		Mark:   analysisMark,
	}
}

// confirmAnalysis confirms !analysis in one sentence.
func confirmAnalysis(l bridge.Line, _ bridge.Facts) string {
	if l.Args.Note == bridge.AnalysisOff {
		return shape.DoerName(l) + " switched the analysis off: nothing that is said here is analysed, or sent to a model, from now on."
	}
	return shape.DoerName(l) + " switched the analysis on: what the customer writes from now on is analysed."
}

// analysisMark shows what !analysis has set.
func analysisMark(f bridge.Facts) []shape.Piece {
	if f.Traits[bridge.TraitAnalysis] != bridge.AnalysisOff {
		return nil
	}
	return []shape.Piece{shape.Text("Not analysed")}
}
