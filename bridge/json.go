package bridge

import (
	"encoding/json"
	"fmt"
)

// JSON encodes one of our own values, all of whose fields JSON can hold. It panics for another one, which is a mistake in the program.
func JSON(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("bridge: JSON of %T: %v", v, err))
	}
	return body
}
