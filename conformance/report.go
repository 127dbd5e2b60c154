package conformance

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Count is how many cases of a demand had an outcome.
func Count(all []Result, d Demand, o Outcome) (n int) {
	for i := range all {
		if all[i].Demand == d && all[i].Outcome == o {
			n++
		}
	}
	return n
}

// Print writes results as a table, what broke with its reason, and how many there were of each outcome.
func Print(w io.Writer, all []Result) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for i := range all {
		r := &all[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Outcome, r.Demand, r.Name, r.Says)
		if r.Why != "" {
			fmt.Fprintf(table, "\t\t\t  %s\n", r.Why)
		}
		if r.Outcome == Broken {
			fmt.Fprintf(table, "\t\t\t  %s\n", r.Source)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d held, %d broken that must hold, %d that should, %d skipped\n",
		Count(all, Must, Held)+Count(all, Should, Held), Count(all, Must, Broken), Count(all, Should, Broken), Count(all, Must, Skipped)+Count(all, Should, Skipped))
	return err
}
