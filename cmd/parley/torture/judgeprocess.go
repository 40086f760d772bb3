package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/world"
)

// judgeProcess is the oracle's process, as this one sees it.
type judgeProcess struct {
	process *child.Process
	in      *os.File // our end of its standard input
	say     *json.Encoder
	read    *json.Decoder
	out     *os.File
}

// startOracle starts the process that judges. It speaks with this one by lines of JSON on its standard input and output.
func startOracle(program, log string) (*judgeProcess, error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("torture: oracle: %w", err)
	}

	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: oracle: %w", err), theirIn.Close(), ourOut.Close())
	}

	p, err := child.Start(child.Spec{Name: "oracle", Program: []string{program, "torture", "--oracle"}, Env: child.CleanEnv(), Log: log, Stdin: theirIn, Stdout: theirOut})
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(err, ourOut.Close(), ourIn.Close())
	}

	return &judgeProcess{process: p, in: ourOut, out: ourIn, say: json.NewEncoder(ourOut), read: json.NewDecoder(ourIn)}, nil
}

func (j *judgeProcess) begin(w world.Wire, convs int, hold time.Duration) error {
	_, err := j.ask(order{Begin: &beginning{Wire: w, Convs: convs, Hold: hold}})
	return err
}

// ask sends one order and waits for its answer.
func (j *judgeProcess) ask(o order) (answer, error) {
	var a answer
	if err := j.say.Encode(o); err != nil {
		return a, fmt.Errorf("torture: oracle: %w", err)
	}
	if err := j.read.Decode(&a); err != nil {
		return a, fmt.Errorf("torture: oracle: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (j *judgeProcess) end() {
	_, _ = j.in.Close(), j.out.Close() // the process is ended anyway
	j.process.End()
}
