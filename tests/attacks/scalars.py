"""Values of the schema's own scalars, good and bad, for schemathesis."""

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

texts = st.one_of(
    st.uuids().map(str),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.dates().map(str),
    st.text(st.characters(codec="ascii", min_codepoint=32), max_size=40),
)
for name in ("uuid", "timestamptz", "date", "numeric", "jsonb"):
    schemathesis.graphql.scalar(name, texts.map(nodes.String))
