package difypool

import (
	"encoding/json"
	"strings"
)

// batchAnswer is the JSON of a batch's reply.
type batchAnswer struct {
	Results []struct {
		OK *struct {
			Status int             `json:"status"`
			Type   string          `json:"type"`
			Body   json.RawMessage `json:"body"`
		} `json:"ok"`
		Error map[string]any `json:"error"`
	} `json:"results"`
}

func batchResults(reply *Reply, calls []BatchCall) ([]BatchResult, error) {
	var answer batchAnswer
	if err := reply.JSON(&answer); err != nil {
		return nil, fail(Protocol, "batch", "", "a batch has no results: %v", err)
	}
	if len(answer.Results) != len(calls) {
		return nil, fail(Protocol, "batch", "", "a batch of %d calls has %d results", len(calls), len(answer.Results))
	}
	results := make([]BatchResult, len(calls))
	for i, told := range answer.Results {
		if told.OK == nil {
			e := errorOf(told.Error)
			if e == nil {
				e = fail(Protocol, "batch", "", "the result of call %d is missing", i)
			}
			results[i].Err = e
			continue
		}
		results[i].Reply = &Reply{
			Status: told.OK.Status, Type: told.OK.Type, Body: bodyOfJSON(told.OK.Type, told.OK.Body),
			Meta: Meta{"op": calls[i].Op},
		}
	}
	return results, nil
}

// bodyOfJSON: what is JSON stands in the results as it is, any other text as a string.
func bodyOfJSON(mediaType string, body json.RawMessage) []byte {
	var words string
	if !strings.Contains(mediaType, "json") && json.Unmarshal(body, &words) == nil {
		return []byte(words)
	}
	if body == nil {
		return []byte{}
	}
	return body
}
