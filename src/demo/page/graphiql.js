// GraphiQL talks to this page's own gateway, as the dispatcher.
const first = `# The service's own schema. Names and contact details are the platform's: the console joins both.
query TopCustomers {
  customer_insights(first: 5, order_by: [{ column: lifetime_revenue, direction: desc }]) {
    nodes {
      person_profile_id
      behavior_aggregate {
        lifetime_revenue
        total_bookings
        trips_taken
        preferred_seat_position
      }
      fresh_as_of
    }
  }
}
`;
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
const fetcher = GraphiQL.createFetcher({ url: "/v1/graphql" });
root.render(React.createElement(GraphiQL, { fetcher, defaultQuery: first }));
