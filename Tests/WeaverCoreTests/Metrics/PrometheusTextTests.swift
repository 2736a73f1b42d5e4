import Testing

@testable import WeaverCore

@Suite struct PrometheusTextTests {
    private func text(_ series: MetricSeries...) -> String {
        var text = PrometheusText()
        text.add(series, labels: [MetricLabel("app", "shop")])
        return text.text
    }

    @Test func `counters, gauges and labels are written as the format wants them`() {
        let page = MetricLabel("http.page", "a \"b\"\\\n")
        #expect(
            text(
                MetricSeries(MetricDefinition(.counter, "page hits", [page]), .count(7)),
                MetricSeries(MetricDefinition(.total, "9bytes_total"), .number(1.5)),
                MetricSeries(MetricDefinition(.gauge, "queue"), .number(3), replicas: ["b": 2, "a": 1]))
                    == """
                    # TYPE _9bytes_total counter
                    _9bytes_total{app="shop"} 1.5
                    # TYPE page_hits_total counter
                    page_hits_total{app="shop",http_page="a \\"b\\"\\\\\\n"} 7
                    # TYPE queue gauge
                    queue{app="shop",replica="a"} 1
                    queue{app="shop",replica="b"} 2

                    """)
    }

    @Test func `no name of a label comes twice in a series, whatever the application calls its own`() {
        let own = ["app", "replica", "le", "a.b", "a_b"].map { MetricLabel($0, "mine") }
        var histogram = Histogram()
        histogram.record(1)
        #expect(
            text(
                MetricSeries(MetricDefinition(.counter, "hits", own), .count(7)),
                MetricSeries(MetricDefinition(.gauge, "queue", own), .number(3), replicas: ["r": 3]),
                MetricSeries(MetricDefinition(.recorder, "size", own), .histogram(histogram)))
                    == """
                    # TYPE hits_total counter
                    hits_total{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",le="mine",replica="mine"} 7
                    # TYPE queue gauge
                    queue{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",le="mine",exported_replica="mine",replica="r"} 3
                    # TYPE size histogram
                    size_bucket{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",exported_le="mine",replica="mine",le="1"} 1
                    size_bucket{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",exported_le="mine",replica="mine",le="+Inf"} 1
                    size_sum{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",exported_le="mine",replica="mine"} 1
                    size_count{app="shop",a_b="mine",exported_a_b="mine",exported_app="mine",exported_le="mine",replica="mine"} 1

                    """)
    }

    @Test func `a histogram has the bounds of all series of its name, and its counts only grow`() {
        var small = Histogram()
        for value in [1.0, 2, 2] { small.record(value) }
        var large = Histogram()
        large.record(7)
        let sizes = [("a", small), ("b", large)].map { name, histogram in
            MetricSeries(MetricDefinition(.recorder, "size", [MetricLabel("l", name)]), .histogram(histogram))
        }
        #expect(
            text(sizes[0], sizes[1])
                == """
                # TYPE size histogram
                size_bucket{app="shop",l="a",le="1"} 1
                size_bucket{app="shop",l="a",le="2"} 3
                size_bucket{app="shop",l="a",le="4"} 3
                size_bucket{app="shop",l="a",le="8"} 3
                size_bucket{app="shop",l="a",le="+Inf"} 3
                size_sum{app="shop",l="a"} 5
                size_count{app="shop",l="a"} 3
                size_bucket{app="shop",l="b",le="1"} 0
                size_bucket{app="shop",l="b",le="2"} 0
                size_bucket{app="shop",l="b",le="4"} 0
                size_bucket{app="shop",l="b",le="8"} 1
                size_bucket{app="shop",l="b",le="+Inf"} 1
                size_sum{app="shop",l="b"} 7
                size_count{app="shop",l="b"} 1

                """)
    }

    @Test func `a timer is in seconds and has the same bounds whatever it has seen`() {
        let lines = text(MetricSeries(MetricDefinition(.timer, "latency"), .histogram(Histogram())))
            .split(separator: "\n")
        #expect(lines.first == "# TYPE latency_seconds histogram")
        #expect(lines.count { $0.hasPrefix("latency_seconds_bucket") } == PrometheusText.timerExponents.count + 1)
    }

    @Test func `metrics that would get one name and have different kinds get two`() {
        let lines = text(
            MetricSeries(MetricDefinition(.gauge, "a.b"), .number(1), replicas: ["": 1]),
            MetricSeries(MetricDefinition(.recorder, "a_b"), .histogram(Histogram()))
        ).split(separator: "\n")
        #expect(lines.contains("# TYPE a_b gauge") && lines.contains("# TYPE a_b_recorder histogram"))
        #expect(lines.contains("a_b{app=\"shop\"} 1"))
    }

    @Test func `metrics whose names differ only in what the format does not allow do not meet`() {
        #expect(
            text(
                MetricSeries(MetricDefinition(.counter, "a.b"), .count(1)),
                MetricSeries(MetricDefinition(.counter, "a_b"), .count(2)),
                MetricSeries(MetricDefinition(.counter, "a-b"), .count(3)),
                MetricSeries(MetricDefinition(.counter, "a.b", [MetricLabel("l", "x")]), .count(4)),
                MetricSeries(MetricDefinition(.total, "a.b"), .number(5)))
                    == """
                    # TYPE a_b_total counter
                    a_b_total{app="shop"} 1
                    a_b_total{app="shop",l="x"} 4
                    # TYPE a_b_total_counter counter
                    a_b_total_counter{app="shop"} 2
                    # TYPE a_b_total_counter_ counter
                    a_b_total_counter_{app="shop"} 3
                    # TYPE a_b_total_total counter
                    a_b_total_total{app="shop"} 5

                    """)
    }
}
