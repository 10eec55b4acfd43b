"""Every argument of the schema that is written as a string, each as a request with a mark where sqlmap injects.

Arguments of nested fields are reached through a customer that exists, and input objects through each of their fields, all
else in them being accepted: what is refused on the way tries nothing that lies behind it. One JSON body a line, questions
before mutations.

    arguments.py SDL URL SECRET TENANT
"""

import datetime
import json
import sys
import urllib.request
from collections import deque

import graphql
from graphql import GraphQLInputObjectType, GraphQLObjectType

WRITTEN_AS_STRINGS = {"String", "ID", "uuid", "timestamptz", "date", "numeric", "jsonb"}
# Whoever is to be erased must not be the one the other requests are about.
STRANGER = "00000000-0000-4000-8000-000000000001"
SAMPLES = {
    "metric": "total_bookings",
    "locale": "de",
    "language": "de",
    "reason": "missing_id",
    "act": "customer_read",
    "purpose": "marketing",
    "channel": "EMAIL",
    "source": "telephone",
    "idempotency_key": "one",
    "uuid": STRANGER,
    "timestamptz": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "numeric": "1.5",
    "String": "a",
    "Int": 5,
    "Float": 0.2,
    "Boolean": True,
}


def known(url, secret, tenant):
    """Somebody of whom much is said, a tour that was suggested to them, and a dead letter."""
    query = """{ customer_insights(first: 50) { nodes { person_profile_id recommendations(first: 1) { tour_template_id } } }
        dead_letters(first: 1) { nodes { id } } }"""
    headers = {"x-ci-secret": secret, "content-type": "application/json", "x-hasura-role": "admin"}
    headers["x-hasura-tenant-id"] = tenant
    request = urllib.request.Request(f"{url}/graphql", json.dumps({"query": query}).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        data = json.load(answer)["data"]
    best = next(node for node in data["customer_insights"]["nodes"] if node["recommendations"])
    return {
        "person_profile_id": best["person_profile_id"],
        "person_profile_ids": best["person_profile_id"],
        "tour_template_id": best["recommendations"][0]["tour_template_id"],
        "id": data["dead_letters"]["nodes"][0]["id"],
        "due": (datetime.date.today() + datetime.timedelta(days=10)).isoformat() + "T00:00:00Z",
    }


def sample(name, of):
    """A value that is accepted, whatever the list or the non-null around it."""
    if isinstance(of, graphql.GraphQLNonNull):
        return sample(name, of.of_type)
    if isinstance(of, graphql.GraphQLList):
        return [sample(name, of.of_type)]
    if isinstance(of, graphql.GraphQLEnumType):
        return next(iter(of.values))
    if isinstance(of, GraphQLInputObjectType):
        required = of.fields.items()
        return {key: sample(key, field.type) for key, field in required if graphql.is_required_input_field(field)}
    return SAMPLES.get(name, SAMPLES.get(of.name))


def places(name, of):
    """Each way to fill an argument with one mark in it."""
    if isinstance(of, graphql.GraphQLNonNull):
        yield from places(name, of.of_type)
    elif isinstance(of, graphql.GraphQLList):
        yield from ([one] for one in places(name, of.of_type))
    elif isinstance(of, GraphQLInputObjectType):
        for key, field in of.fields.items():
            for one in places(key, field.type):
                yield {**sample(name, of), key: one}
    elif of.name in WRITTEN_AS_STRINGS:
        yield f"{sample(name, of)}*"


def leaf(of):
    """The smallest selection of a type."""
    of = graphql.get_named_type(of)
    if not isinstance(of, GraphQLObjectType):
        return ""
    free = [(name, field) for name, field in of.fields.items() if not any(map(graphql.is_required_argument, field.args.values()))]
    for name, field in free:
        if graphql.is_leaf_type(graphql.get_named_type(field.type)):
            return f" {{ {name} }}"
    name, field = free[0]
    return f" {{ {name}{leaf(field.type)} }}"


def ways(schema):
    """The shortest way from a root to each object type: the fields passed."""
    found = {}
    queue = deque((root, ()) for root in (schema.query_type, schema.mutation_type) if root)
    while queue:
        of, way = queue.popleft()
        if of.name in found:
            continue
        found[of.name] = way
        for name, field in of.fields.items():
            inner = graphql.get_named_type(field.type)
            if isinstance(inner, GraphQLObjectType):
                queue.append((inner, (*way, (name, field))))
    return found


def body(root, way, target, value):
    """A document that goes the way and ends in one argument with a value, which is a variable as everything else."""
    declared, variables = [], {}

    def arguments(field, chosen):
        texts = []
        for name, argument in field.args.items():
            if name == chosen or graphql.is_required_argument(argument):
                variable = f"v{len(variables)}"
                declared.append(f"${variable}: {argument.type}")
                variables[variable] = value if name == chosen else sample(name, argument.type)
                texts.append(f"{name}: ${variable}")
        return f"({', '.join(texts)})" if texts else ""

    text = leaf(way[-1][1].type)
    for at, (name, field) in reversed(list(enumerate(way))):
        called = f"{name}{arguments(field, target if at == len(way) - 1 else None)}"
        text = f" {{ {called}{text} }}"
    return {"query": f"{root}({', '.join(declared)}){text}", "variables": variables}


def main(sdl, url, secret, tenant):
    with open(sdl, encoding="utf-8") as file:
        schema = graphql.build_schema(file.read())
    some = known(url, secret, tenant)
    mutations = schema.mutation_type.fields
    for of, way in sorted(ways(schema).items(), key=lambda one: one[0] == schema.mutation_type.name):
        for name, field in schema.type_map[of].fields.items():
            whole = (*way, (name, field))
            root = "mutation" if whole[0][0] in mutations else "query"
            SAMPLES.update(some)
            if "erasure" in whole[0][0] and root == "mutation":
                SAMPLES["person_profile_id"] = STRANGER
            for target, argument in field.args.items():
                for value in places(target, argument.type):
                    print(json.dumps(body(root, whole, target, value)))


main(*sys.argv[1:])
