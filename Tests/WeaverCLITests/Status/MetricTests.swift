import Testing
import WeaverCore

@testable import WeaverCLI

@Suite struct MetricTests {
    private func histogram(_ values: [Double]) -> Histogram {
        var histogram = Histogram()
        for value in values { histogram.record(value) }
        return histogram
    }

    private var lemon: MeasuredDeployment {
        let get = RuntimeMetrics.labels(component: "Lemon.Products", method: "get(_:)", isRemote: true)
        let put = RuntimeMetrics.labels(component: "Lemon.Products", method: "put(_:)", isRemote: false)
        return MeasuredDeployment(
            app: "lemon", deployment: "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640",
            metrics: [
                MetricSeries(MetricDefinition(.gauge, "queue"), .number(7), replicas: ["0c1d93aa": 3, "91c25e01": 4]),
                MetricSeries(
                    MetricDefinition(.recorder, "size", [MetricLabel("page", "/")]), .histogram(histogram([8]))),
                MetricSeries(MetricDefinition(.counter, RuntimeMetrics.callErrors, get), .count(2)),
                MetricSeries(MetricDefinition(.timer, RuntimeMetrics.callLatency, get), .histogram(histogram([0.001]))),
                MetricSeries(MetricDefinition(.counter, RuntimeMetrics.calls, get), .count(120)),
                MetricSeries(MetricDefinition(.counter, RuntimeMetrics.calls, put), .count(0)),
                MetricSeries(MetricDefinition(.total, "weight"), .number(0.12345)),
            ])
    }

    @Test func `calls, values and histograms have a table each, without methods that nobody calls`() {
        let rows = MetricTables([lemon]).rendered(style: .plain).split(separator: "\n").filter {
            $0.contains("f74f7512")
        }
        .map { $0.split(separator: "│").map { $0.split(separator: " ").joined(separator: " ") } }
        #expect(
            rows == [
                ["lemon", "f74f7512", "Lemon.Products", "get(_:)", "remote", "120", "2", "1.00ms", "1.01ms", "1.01ms"],
                ["lemon", "f74f7512", "queue", "-", "7", "2: 3 to 4"],
                ["lemon", "f74f7512", "weight", "-", "0.123", "-"],
                ["lemon", "f74f7512", "size", "page=/", "1", "8", "7.875", "7.875", "7.875"],
            ])
    }

    @Test func `without a deployment there is a sentence, and without metrics no table`() {
        #expect(MetricTables([]).rendered(style: .plain) == "no deployment is running\n")
        let nothing = MeasuredDeployment(app: "a", deployment: "d", metrics: [])
        #expect(MetricTables([nothing]).rendered(style: .plain) == "")
    }

    @Test func `a value that JSON has no number for is text`() throws {
        let odd = MeasuredDeployment(
            app: "a", deployment: "d",
            metrics: [MetricSeries(MetricDefinition(.gauge, "g"), .number(.nan), replicas: ["r": .infinity])])
        let json = try MetricsDocument([odd]).json()
        #expect(json.contains(#""value" : "nan""#) && json.contains(#""r" : "inf""#), "\(json)")
    }

    @Test func `the document has the keys that it promises`() throws {
        var deployment = lemon
        deployment.metrics = [
            deployment.metrics[0], deployment.metrics[1],
            MetricSeries(MetricDefinition(.timer, "time"), .histogram(Histogram())), deployment.metrics[4],
        ]
        #expect(
            try MetricsDocument([deployment]).json() == """
                {
                  "deployments" : [
                    {
                      "app" : "lemon",
                      "deployment" : "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640",
                      "metrics" : [
                        {
                          "kind" : "gauge",
                          "labels" : {

                          },
                          "name" : "queue",
                          "replicas" : {
                            "0c1d93aa" : 3,
                            "91c25e01" : 4
                          },
                          "value" : 7
                        },
                        {
                          "count" : 1,
                          "kind" : "recorder",
                          "labels" : {
                            "page" : "/"
                          },
                          "name" : "size",
                          "p50" : 7.875,
                          "p90" : 7.875,
                          "p99" : 7.875,
                          "sum" : 8
                        },
                        {
                          "count" : 0,
                          "kind" : "timer",
                          "labels" : {

                          },
                          "name" : "time",
                          "p50" : null,
                          "p90" : null,
                          "p99" : null,
                          "sum" : 0
                        },
                        {
                          "kind" : "counter",
                          "labels" : {
                            "component" : "Lemon.Products",
                            "method" : "get(_:)",
                            "remote" : "true"
                          },
                          "name" : "weaver_calls",
                          "value" : 120
                        }
                      ]
                    }
                  ]
                }

                """)
    }

    @Test(arguments: [
        (7.0, "7"), (-0.5, "-0.5"), (0.12345, "0.123"), (1e-9, "1e-09"), (2.5e20, "2.5e+20"), (12.0006, "12.001"),
    ])
    func `numbers are short`(_ value: Double, _ text: String) {
        #expect(MetricTables.number(value) == text)
    }
}
